import Basics
import Foundation

/// A file of `torch.save` without an archive, as PyTorch before 1.6 wrote it: five pickles, then
/// the storages one after the other.
///
/// The pickles are a magic number, the version 1001, facts about the machine, the object, and the
/// storages' keys in the order of their bytes. Each storage starts with its number of elements.
struct PlainTorchFile: Sendable {
  private let data: Data
  private let ranges: [String: Range<Int>]
  private let path: String

  /// The first pickle: the magic number.
  static let signature: [UInt8] = [
    0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  private init(path: String, data: Data, ranges: [String: Range<Int>]) {
    self.path = path
    self.data = data
    self.ranges = ranges
  }

  /// Reads the five pickles.
  ///
  /// - Returns: The file, and the fourth pickle's value with the nodes it is made of.
  static func read(
    _ path: String
  ) throws(HoldfastError) -> (PlainTorchFile, nodes: [PickleNode], root: PickleValue) {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw .missingInput(
        "\(path): the file cannot be opened", remedy: "Check the path and its permissions.")
    }
    var reader = PickleReader(ByteReader(data.prefix(TorchFile.pickleLimit)), source: path)
    guard try reader.read() == .opaque, try reader.read() == .integer(1001) else {
      throw damaged(path, "its version is unknown")
    }
    let machine = members(of: try reader.read(), in: reader.nodes)
    guard machine.contains(where: { $0 == .text("little_endian") && $1 == .bool(true) }) else {
      throw damaged(path, "its bytes are not in little-endian order")
    }
    let root = try reader.read()
    let order = try reader.read()
    guard case .node(let number) = order, case .list(let keys) = reader.nodes[number] else {
      throw damaged(path, "it has no list of storages")
    }
    let ranges = try ranges(of: keys, reader, size: data.count, path) { start in
      var count = ByteReader(data[start..<start + 8])
      return count.integer(Int64.self).flatMap(Int.init(exactly:))
    }
    return (PlainTorchFile(path: path, data: data, ranges: ranges), reader.nodes, root)
  }

  /// The bytes of a storage.
  func bytes(of storage: TorchStorage) throws(HoldfastError) -> Data {
    guard let range = ranges[storage.key],
      range.count == storage.count * storage.dtype.size
    else { throw Self.damaged(path, "the storage \(storage.key) is missing") }
    return data[range]
  }

  private static func ranges(
    of keys: [PickleValue], _ reader: PickleReader, size: Int, _ path: String,
    count: (Int) -> Int?
  ) throws(HoldfastError) -> [String: Range<Int>] {
    var known: [String: TorchStorage] = [:]
    for case .storage(let storage) in reader.nodes {
      guard known.updateValue(storage, forKey: storage.key) ?? storage == storage else {
        throw damaged(path, "the storage \(storage.key) is described in two ways")
      }
    }
    var ranges: [String: Range<Int>] = [:]
    var position = reader.input.position
    for key in keys {
      guard case .text(let key) = key, let storage = known[key], ranges[key] == nil else {
        throw damaged(path, "its list of storages is not that of its tensors")
      }
      guard size - position >= 8, count(position) == storage.count,
        storage.count <= (size - position - 8) / storage.dtype.size
      else { throw damaged(path, "the storage \(key) is cut off, or of another size") }
      let start = position + 8
      position = start + storage.count * storage.dtype.size
      ranges[key] = start..<position
    }
    guard position == size else {
      throw damaged(path, "\(size - position) bytes follow the last storage")
    }
    return ranges
  }

  private static func members(
    of value: PickleValue, in nodes: [PickleNode]
  ) -> [(key: PickleValue, value: PickleValue)] {
    guard case .node(let number) = value, case .dictionary(let members) = nodes[number] else {
      return []
    }
    return members
  }

  private static func damaged(_ path: String, _ what: String) -> HoldfastError {
    .badData(
      "\(path): not a whole file of torch.save: \(what)", remedy: "Fetch or write the file again.")
  }
}
