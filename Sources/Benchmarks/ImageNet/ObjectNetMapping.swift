import Basics
import Foundation

/// The way from ObjectNet's folders to ImageNet's class indices, through the four files that come
/// with the images.
///
/// A folder has an ObjectNet label; some labels have ImageNet labels, separated by `"; "`; an
/// ImageNet label is a line of a list; the line's number is a class's id, counted from 0, which the
/// last file gives for each class index.
struct ObjectNetMapping {
  /// An object that ImageNet has.
  struct Object: Hashable {
    var folder: String
    /// The readable label, as `Alarm clock`.
    var label: String
    /// The ImageNet classes that it stands for, ascending.
    var indices: [Int]
  }

  static let labelFile = "folder_to_objectnet_label.json"
  private static let overlapFile = "objectnet_to_imagenet_1k.json"
  private static let namesFile = "imagenet_to_label_2012_v2"
  private static let indexFile = "pytorch_to_imagenet_2012_id.json"

  /// The objects in byte order of their folders.
  private(set) var objects: [Object] = []
  /// All folders, with those of objects that ImageNet lacks.
  let folders: Set<String>

  /// Reads the files.
  ///
  /// - Parameter classCount: How many classes ImageNet has: 1000.
  /// - Throws: `HoldfastError` of kind `badData` that names the file and the label where one leads
  ///   nowhere, to two classes, or to a class that another label has too.
  init(folder: String, classCount: Int) throws(HoldfastError) {
    let labels = try Self.texts(joined(folder, Self.labelFile))
    folders = Set(labels.keys)
    let overlap = try Self.texts(joined(folder, Self.overlapFile))
    let lines = try Self.lines(joined(folder, Self.namesFile))
    let indices = try Self.indices(
      joined(folder, Self.indexFile), classCount: classCount, lineCount: lines.count)
    var linesOfName: [String: [Int]] = [:]
    for (line, name) in lines.enumerated() { linesOfName[name, default: []].append(line) }
    var owners: [Int: String] = [:]
    var used = Set<String>()
    for (name, label) in labels.sorted(by: { precedesInBytes($0.key, $1.key) }) {
      guard let names = overlap[label] else { continue }
      guard used.insert(label).inserted else {
        throw .badData(
          "\(joined(folder, Self.labelFile)): two folders have the label '\(excerpt(label))'",
          remedy: Self.remedy)
      }
      var columns: [Int] = []
      for name in names.components(separatedBy: "; ") {
        let found = linesOfName[name] ?? []
        guard found.count == 1, let index = indices[found[0]] else {
          throw .badData(
            "\(joined(folder, Self.overlapFile)): '\(excerpt(name))', for '\(excerpt(label))', is "
              + (found.isEmpty ? "no line" : found.count > 1 ? "more than one line" : "of no class")
              + " of \(Self.namesFile)", remedy: Self.remedy)
        }
        if let owner = owners.updateValue(label, forKey: index) {
          throw .badData(
            "\(joined(folder, Self.overlapFile)): '\(excerpt(owner))' and '\(excerpt(label))' stand "
              + "for the same class '\(excerpt(name))'", remedy: Self.remedy)
        }
        columns.append(index)
      }
      objects.append(Object(folder: name, label: label, indices: columns.sorted()))
    }
    if let lost = overlap.keys.sorted(by: precedesInBytes).first(where: { !used.contains($0) }) {
      throw .badData(
        "\(joined(folder, Self.overlapFile)): the label '\(excerpt(lost))' belongs to no folder",
        remedy: Self.remedy)
    }
    guard !objects.isEmpty else {
      throw .badData(
        "\(joined(folder, Self.overlapFile)): there are no labels in it", remedy: Self.remedy)
    }
  }

  private static let remedy = "Fetch ObjectNet's mapping files again."

  private static func object(_ path: String) throws(HoldfastError) -> [String: JSONValue] {
    let json = try JSONValue.parse(Data(try TextFile.bytes(path)), source: path)
    guard let object = json.object else {
      throw .badData("\(path): not a JSON object", remedy: remedy)
    }
    return object
  }

  private static func texts(_ path: String) throws(HoldfastError) -> [String: String] {
    var texts: [String: String] = [:]
    for (key, value) in try object(path) {
      guard let text = value.string else {
        throw .badData("\(path): the value of '\(excerpt(key))' is not a text", remedy: remedy)
      }
      texts[key] = text
    }
    return texts
  }

  private static func lines(_ path: String) throws(HoldfastError) -> [String] {
    guard let text = String(validatingBytes: try TextFile.bytes(path)) else {
      throw .badData("\(path): not UTF-8", remedy: remedy)
    }
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The class index of each line of the list of names.
  private static func indices(
    _ path: String, classCount: Int, lineCount: Int
  ) throws(HoldfastError) -> [Int: Int] {
    var indices: [Int: Int] = [:]
    for (key, value) in try object(path) {
      guard let index = Int(key), (0..<classCount).contains(index), let line = value.int,
        (0..<lineCount).contains(line), indices.updateValue(index, forKey: line) == nil
      else {
        throw .badData(
          "\(path): '\(excerpt(key))' is no class index, or its value no line of its own",
          remedy: remedy)
      }
    }
    return indices
  }
}
