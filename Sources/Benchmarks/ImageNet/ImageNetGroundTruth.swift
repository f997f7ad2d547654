import Basics
import Foundation

/// The classes of ImageNet's validation images by their numbers, from one of the usual files.
///
/// Told apart by what is in them:
/// - `val.txt` of Caffe: `ILSVRC2012_val_00000001.JPEG 65`, class indices from 0, or WordNet ids;
/// - Kaggle's `LOC_val_solution.csv`: `ILSVRC2012_val_00048981,n03995372 85 1 499 272`;
/// - TensorFlow's `imagenet_2012_validation_synset_labels.txt`: a WordNet id a line;
/// - the development kit's `ILSVRC2012_validation_ground_truth.txt`: an id from 1 to 1000 a line, in
///   the kit's own numbering, for which `meta.mat` or `map_clsloc.txt` must be beside it.
struct ImageNetGroundTruth {
  /// The class index of each image, by the number in its name, from 1.
  private(set) var indices: [Int: Int] = [:]
  /// The rule of the labels, for `Dataset.rule`.
  private(set) var rule = ""

  private let source: String
  private let classes: ImageNetClasses

  /// The files' usual names, in the order in which they are preferred.
  private static let names = [
    "LOC_val_solution.csv", "imagenet_2012_validation_synset_labels.txt", "val.txt",
    "ILSVRC2012_validation_ground_truth.txt",
  ]
  private static let folders = [
    "", "meta", "data", "devkit/data", "ILSVRC2012_devkit_t12/data", "ILSVRC/devkit/data",
  ]
  private static let images = 50_000

  /// The file for a folder of images: in it, beside it, or up to four folders above (where Kaggle's
  /// is).
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` where there is none.
  static func find(near folder: String) throws(HoldfastError) -> String {
    let absolute = URL(fileURLWithPath: folder).standardizedFileURL.path
    var places = [absolute]
    for _ in 0..<4 {
      places.append(ImageNetFolders.parent(places[places.count - 1]))
    }
    for name in names {
      // A name as common as this one means something else further up.
      for place in name == "val.txt" ? places.prefix(2) : places[...] {
        for inner in folders {
          let path = joined(inner.isEmpty ? place : joined(place, inner), name)
          if isThere(path) { return path }
        }
      }
    }
    throw .missingInput(
      "\(folder): the images lie in no class folders, and no file says of which class they are",
      remedy: "Put one of \(names.joined(separator: ", ")) beside the folder, or name one with "
        + "?labels=FILE after the path.")
  }

  /// The number in a name as `ILSVRC2012_val_00000001.JPEG`; nil for other names.
  static func number(of name: String) -> Int? {
    let prefix = "ILSVRC2012_val_"
    guard name.hasPrefix(prefix) else { return nil }
    let digits = name.dropFirst(prefix.count).prefix { $0 != "." }
    guard digits.utf8.count == 8, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(digits)
  }

  /// Reads a file.
  ///
  /// - Throws: `HoldfastError` of kind `badData` with the line of what is not understood, of a label
  ///   that is no class, or of an image with two labels.
  init(_ source: String, classes: ImageNetClasses) throws(HoldfastError) {
    self.source = source
    self.classes = classes
    let bytes = try TextFile.bytes(source)
    guard let text = String(validatingBytes: bytes) else {
      throw .badData("\(source): not UTF-8", remedy: "Fetch the file again.")
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }) }
    let file = lastName(source)
    guard let first = lines.first, let head = first.first else {
      throw .badData("\(source):1: the line is empty", remedy: "Fetch the file again.")
    }
    if head.hasPrefix("ImageId,") {
      try readSolution(bytes)
      rule = "the label is the WordNet id of the image's first box in \(file)"
    } else if first.count > 1 {
      try readList(lines)
      rule = "the label is the class that \(file) gives beside the image's name"
    } else if isWordNetID(String(head)) {
      try readLines(lines) { [classes] in classes.index(wnid: $0) }
      rule = "the label is the WordNet id in the image's line of \(file)"
    } else {
      let kit = try DevelopmentKitClasses(beside: source, classes: classes)
      try readLines(lines) { Int($0).flatMap { kit.indices[$0] } }
      rule = "the label is the id in the image's line of \(file), looked up in \(kit.name)"
    }
  }

  /// A line for each image in the order of the images' numbers.
  private mutating func readLines(
    _ lines: [[Substring]], index: (String) -> Int?
  ) throws(HoldfastError) {
    var lines = lines[...]
    while lines.last?.isEmpty == true { lines.removeLast() }
    guard lines.count <= Self.images else {
      throw .badData(
        "\(source): \(lines.count) lines, yet there are \(Self.images) images",
        remedy: "Fetch the file again.")
    }
    for (offset, fields) in lines.enumerated() {
      guard fields.count == 1, let index = index(String(fields[0])) else {
        throw badLine(offset + 1, fields)
      }
      indices[offset + 1] = index
    }
  }

  /// A line with the image's name and its class.
  private mutating func readList(_ lines: [[Substring]]) throws(HoldfastError) {
    var counts = true
    for (offset, fields) in lines.enumerated() where !fields.isEmpty {
      guard fields.count == 2, let number = Self.number(of: lastName(String(fields[0]))),
        let index = index(String(fields[1]))
      else { throw badLine(offset + 1, fields) }
      counts = counts && Int(fields[1]) == number
      try add(index, to: number, line: offset + 1)
    }
    // The lists of image sets number the images in a second column; these are no labels.
    guard !counts || indices.count < 2 else {
      throw .badData(
        "\(source): the second column counts the images and is no label",
        remedy: "Use a list of labels, as Caffe's val.txt.")
    }
  }

  /// Kaggle's table: the image, then boxes of a WordNet id and four numbers each.
  private mutating func readSolution(_ bytes: [UInt8]) throws(HoldfastError) {
    var reader = SeparatedValues(bytes, separator: UInt8(ascii: ","), source: source)
    _ = try reader.next()
    while let row = try reader.next() {
      let boxes = row.fields.count == 2 ? row.fields[1].split(separator: " ") : []
      guard let number = Self.number(of: row.fields[0]), let wnid = boxes.first,
        let index = classes.index(wnid: String(wnid))
      else { throw badLine(row.line, [Substring(row.fields.joined(separator: ","))]) }
      try add(index, to: number, line: row.line)
    }
  }

  private mutating func add(_ index: Int, to number: Int, line: Int) throws(HoldfastError) {
    guard let known = indices.updateValue(index, forKey: number), known != index else { return }
    throw .badData(
      "\(source):\(line): the image \(number) has another class than in an earlier line",
      remedy: "Fetch the file again.")
  }

  /// The index of a class index or a WordNet id.
  private func index(_ label: String) -> Int? {
    if let index = classes.index(wnid: label) { return index }
    return Int(label).flatMap { classes.entries.indices.contains($0) ? $0 : nil }
  }

  private func badLine(_ line: Int, _ fields: [Substring]) -> HoldfastError {
    .badData(
      "\(source):\(line): '\(excerpt(fields.joined(separator: " ")))' does not give an image a class",
      remedy: "Class indices go from 0 to 999; the development kit's own ids from 1 to 1000 belong "
        + "into a file without image names.")
  }
}
