import Basics

/// Parquet, the form in which the Hugging Face hub hands out data sets, is not read.
enum ParquetFiles {
  /// Says so in plain words for a parquet file or a folder of them.
  ///
  /// - Throws: `HoldfastError` of kind `badData`.
  static func refuse(_ path: String) throws(HoldfastError) {
    guard isParquet(path) || isFolder(path) || isFolder(joined(path, "data")) else { return }
    throw .badData(
      "\(path): parquet is not read",
      remedy:
        "Export it: write the images to files and a .csv with the columns filepath and label, "
        + "or make a webdataset of it.")
  }

  private static func isFolder(_ path: String) -> Bool {
    guard let listing = try? FolderListing(path) else { return false }
    return listing.folders.isEmpty && listing.files.contains(where: isParquet)
  }

  private static func isParquet(_ name: String) -> Bool {
    name.lowercased().hasSuffix(".parquet")
  }
}
