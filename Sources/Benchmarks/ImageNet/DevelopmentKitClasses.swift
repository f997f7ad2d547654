import Basics
import Foundation

/// The numbering of ILSVRC 2012's development kit, which is not that of the class indices.
///
/// Its ids 1 to 1000 are in no order of names; `meta.mat` (MATLAB) lists them with WordNet ids, and
/// later kits have `map_clsloc.txt` with lines as `n02119789 1 kit_fox`. Lists of WordNet ids without
/// numbers, as `synset_words.txt`, are in another order and of no use here.
struct DevelopmentKitClasses {
  /// The class index of each of the kit's ids.
  private(set) var indices: [Int: Int] = [:]
  /// The file's name.
  let name: String

  private static let files = ["map_clsloc.txt", "meta.mat"]

  /// Reads the list in the folder of a ground-truth file.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` where there is none, `badData` where it is not
  ///   understood or has an id or a class twice.
  init(beside truth: String, classes: ImageNetClasses) throws(HoldfastError) {
    let folder = ImageNetFolders.parent(truth)
    guard let name = Self.files.first(where: { isThere(joined(folder, $0)) }) else {
      throw .missingInput(
        "\(truth): ids of the development kit are in an order of its own, and neither meta.mat nor "
          + "map_clsloc.txt is beside it",
        remedy: "Put the kit's meta.mat beside it, or use Caffe's val.txt or Kaggle's "
          + "LOC_val_solution.csv instead.")
    }
    self.name = name
    let path = joined(folder, name)
    let rows = try name == "meta.mat" ? Self.meta(path) : Self.list(path)
    var owners: [Int: Int] = [:]
    for (id, wnid) in rows where (1...classes.entries.count).contains(id) {
      guard let index = classes.index(wnid: wnid) else {
        throw .badData(
          "\(path): the id \(id) is '\(excerpt(wnid))', which is no class of ImageNet-1k",
          remedy: "Use the development kit of ILSVRC 2012.")
      }
      guard indices.updateValue(index, forKey: id) == nil,
        owners.updateValue(id, forKey: index) == nil
      else {
        throw .badData(
          "\(path): the id \(id) or its class \(wnid) is there twice",
          remedy: "Fetch the development kit again.")
      }
    }
  }

  private static func list(_ path: String) throws(HoldfastError) -> [(id: Int, wnid: String)] {
    var rows: [(id: Int, wnid: String)] = []
    let text = String(decoding: try TextFile.bytes(path), as: UTF8.self)
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (offset, line) in lines.enumerated() where !line.isEmpty {
      let fields = line.split(separator: " ")
      guard fields.count >= 2, let id = Int(fields[1]) else {
        throw .badData(
          "\(path):\(offset + 1): '\(excerpt(String(line)))' is not a WordNet id, an id and a name",
          remedy: "Use the file of the development kit, with lines as n02119789 1 kit_fox.")
      }
      rows.append((id, String(fields[0])))
    }
    return rows
  }

  private static func meta(_ path: String) throws(HoldfastError) -> [(id: Int, wnid: String)] {
    let synsets = try MATLABFile(path).structures(named: "synsets")
    var rows: [(id: Int, wnid: String)] = []
    for synset in synsets {
      guard case .numbers(let id)? = synset["ILSVRC2012_ID"], id.count == 1,
        let id = Int(exactly: id[0]), case .text(let wnid)? = synset["WNID"]
      else {
        throw .badData(
          "\(path): the synsets have no ILSVRC2012_ID and WNID each",
          remedy: "Use meta.mat of ILSVRC 2012's development kit.")
      }
      rows.append((id, wnid))
    }
    return rows
  }
}
