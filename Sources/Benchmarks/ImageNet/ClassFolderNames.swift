import Basics

/// How the folders of a copy are named after ImageNet's classes.
enum ClassFolderNaming: String {
  case wnid = "WordNet id"
  case index = "class index"
  case name = "class name"

  /// The rule of a data set's labels, for `Dataset.rule`.
  var rule: String {
    switch self {
    case .wnid:
      return "the label is the rank of the WordNet id that names the class folder, among those of "
        + "all classes"
    case .index:
      return "the label is the number that names the class folder: ImageNet's class index"
    case .name:
      return "the label is that of the ImageNet class whose readable name the class folder has"
    }
  }

  /// How one folder is named, by its look; nil for an empty name.
  init(of folder: String) {
    if isWordNetID(folder) {
      self = .wnid
    } else if !folder.isEmpty, folder.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      self = .index
    } else {
      self = .name
    }
  }
}

/// Which class each folder stands for: by its name, never by its place among the others.
struct ClassFolderNames {
  let naming: ClassFolderNaming
  /// The index among the 1000 classes of each folder.
  let indices: [String: Int]

  /// Reads folder names, which must all be of one kind.
  ///
  /// - Parameter place: Where the folders are, for errors.
  /// - Throws: `HoldfastError` of kind `badData` that names the folder which is of another kind, no
  ///   class of ImageNet, or the second of one class.
  init(
    _ folders: [String], of place: String, classes: ImageNetClasses
  ) throws(HoldfastError) {
    guard let first = folders.first else {
      throw .badData(
        "\(place): there are no class folders in it",
        remedy: "Unpack the images into a folder for each class, as n01440764.")
    }
    naming = ClassFolderNaming(of: first)
    var indices: [String: Int] = [:]
    var owners: [Int: String] = [:]
    for folder in folders {
      let own = ClassFolderNaming(of: folder)
      guard own == naming else {
        throw .badData(
          "\(place): the folder '\(excerpt(first))' has a \(naming.rawValue) for a name and "
            + "'\(excerpt(folder))' a \(own.rawValue)",
          remedy: "Name all class folders in one way, and remove what is no class.")
      }
      let index = try Self.index(folder, naming, of: place, classes: classes)
      if let other = owners.updateValue(folder, forKey: index) {
        throw .badData(
          "\(place): the folders '\(excerpt(other))' and '\(excerpt(folder))' are the same class",
          remedy: "Keep one of them.")
      }
      indices[folder] = index
    }
    self.indices = indices
  }

  private static func index(
    _ folder: String, _ naming: ClassFolderNaming, of place: String, classes: ImageNetClasses
  ) throws(HoldfastError) -> Int {
    let asFolder = "Remove the folder; other data in class folders is read as folder:PATH."
    switch naming {
    case .wnid:
      if let index = classes.index(wnid: folder) { return index }
      throw .badData(
        "\(place): the folder '\(folder)' is no class of ImageNet-1k", remedy: asFolder)
    case .index:
      if let index = Int(folder), classes.entries.indices.contains(index) { return index }
      throw .badData(
        "\(place): the folder '\(excerpt(folder))' is no class index "
          + "(0 to \(classes.entries.count - 1))", remedy: asFolder)
    case .name:
      let found = classes.indices(name: folder)
      if found.count == 1 { return found[0] }
      guard found.isEmpty else {
        let wnids = found.map { classes.entries[$0].wnid }.joined(separator: " and ")
        throw .badData(
          "\(place): the folder '\(folder)' may be the class \(wnids)",
          remedy: "Name the class folders by WordNet ids.")
      }
      let near = nearestName(to: readable(String(folder.prefix(80))), among: classes.names)
      throw .badData(
        "\(place): the folder '\(excerpt(folder))' has the name of no class of ImageNet-1k"
          + (near.map { ", the nearest is '\($0)'" } ?? ""), remedy: asFolder)
    }
  }
}
