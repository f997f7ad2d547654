import Basics
import Foundation

/// A safetensors file, mapped into memory: named tensors behind a JSON header.
///
/// Every claim of the header is checked before it is used: sizes, types, that the tensors tile the
/// data without gap or overlap (the format's own rule), and a limit of 100 MB for the header.
/// Format: https://github.com/huggingface/safetensors
public struct SafetensorsFile: Sendable {
  /// What the header says of one tensor.
  public struct Entry: Hashable, Sendable {
    public var name: String
    public var dtype: DType
    public var shape: [Int]
    var range: Range<Int>
  }

  public let path: String
  /// The tensors in the order of the data.
  public let entries: [Entry]
  /// The strings under `__metadata__`.
  public let metadata: [String: String]
  private let data: Data
  private let positions: [String: Int]

  static let headerLimit = 100_000_000

  /// Maps a file and reads its header.
  ///
  /// - Throws: `HoldfastError`: `missingInput` where it cannot be opened, `badData` where the
  ///   header does not hold what the format demands.
  public init(path: String) throws(HoldfastError) {
    self.path = path
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw .missingInput(
        "\(path): the file cannot be opened", remedy: "Check the path and its permissions.")
    }
    let header = try Self.header(of: data, path)
    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    for (name, value) in header.members {
      if name == "__metadata__" {
        metadata = (value.object ?? [:]).compactMapValues(\.string)
      } else {
        entries.append(try Self.entry(name, value, path, base: header.end, limit: data.count))
      }
    }
    entries.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var end = header.end
    for entry in entries {
      guard entry.range.lowerBound == end else {
        throw Self.damaged(path, "the tensor \(entry.name) leaves a gap or overlaps another")
      }
      end = entry.range.upperBound
    }
    guard end == data.count else {
      throw Self.damaged(path, "\(data.count - end) bytes follow the last tensor")
    }
    self.entries = entries
    self.metadata = metadata
    positions = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  public var names: [String] { entries.map(\.name) }

  public subscript(name: String) -> Entry? { positions[name].map { entries[$0] } }

  /// A copy of a tensor in its own type, on the CPU.
  public func tensor(_ name: String) throws(HoldfastError) -> Tensor {
    try tensor(name) { (bytes, entry) throws(HoldfastError) in
      try Tensor(bytes: bytes, dtype: entry.dtype, shape: entry.shape)
    }
  }

  public func borrowed(_ name: String) throws(HoldfastError) -> Tensor {
    try tensor(name) { (bytes, entry) throws(HoldfastError) in
      guard FastPaths.areOn,
        let lease = MappedLease(bytes, of: data, alignment: entry.dtype.size)
      else {
        return try Tensor(bytes: bytes, dtype: entry.dtype, shape: entry.shape)
      }
      return try Tensor(
        borrowing: bytes, owner: lease, dtype: entry.dtype, shape: entry.shape)
    }
  }

  private func tensor(
    _ name: String, _ make: (UnsafeRawBufferPointer, Entry) throws(HoldfastError) -> Tensor
  ) throws(HoldfastError) -> Tensor {
    guard let entry = self[name] else {
      throw .badData(
        "\(path): there is no tensor \(name)", remedy: "Check that the file is the right one.")
    }
    let tensor = data.withUnsafeBytes { bytes in
      Result { () throws(HoldfastError) in
        try make(UnsafeRawBufferPointer(rebasing: bytes[entry.range]), entry)
      }
    }
    return try tensor.get()
  }

  /// All tensors, as float32 weights in the order of the file.
  public func weights() throws(HoldfastError) -> Weights {
    let layout = try WeightsLayout(groups: entries.map { [($0.name, $0.shape)] })
    return try Weights(layout: layout) { (name) throws(HoldfastError) in try borrowed(name) }
  }

  private static func damaged(_ path: String, _ what: String) -> HoldfastError {
    .badData(
      "\(path): not a whole safetensors file: \(what)", remedy: "Fetch or write the file again.")
  }

  private static func header(
    of data: Data, _ path: String
  ) throws(HoldfastError) -> (members: [String: JSONValue], end: Int) {
    guard data.count >= 8 else { throw damaged(path, "it has \(data.count) bytes") }
    let length = data.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.1) << (8 * $1.0) }
    guard length <= UInt64(headerLimit), length <= UInt64(data.count - 8) else {
      throw damaged(path, "its header claims \(length) bytes, the file has \(data.count)")
    }
    let end = 8 + Int(length)
    let bytes = data.subdata(in: 8..<end)
    guard bytes.first == UInt8(ascii: "{"),
      case .object(let members)? = try? JSONValue.parse(bytes, source: path)
    else { throw damaged(path, "its header is not a JSON object") }
    guard memberCount(of: .object(members)) == memberCount(in: bytes) else {
      throw damaged(path, "a name occurs twice in its header")
    }
    return (members, end)
  }

  /// The members of all objects of a document, after parsing, which keeps one of equal names.
  private static func memberCount(of value: JSONValue) -> Int {
    switch value {
    case .object(let members):
      return members.values.reduce(members.count) { $0 + memberCount(of: $1) }
    case .array(let items): return items.reduce(0) { $0 + memberCount(of: $1) }
    default: return 0
    }
  }

  /// The members of all objects of a valid JSON text: its colons outside strings.
  private static func memberCount(in text: Data) -> Int {
    var count = 0
    var isString = false
    var isEscaped = false
    for byte in text {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = isString
      } else if byte == UInt8(ascii: "\"") {
        isString.toggle()
      } else if byte == UInt8(ascii: ":"), !isString {
        count += 1
      }
    }
    return count
  }

  private static func entry(
    _ name: String, _ value: JSONValue, _ path: String, base: Int, limit: Int
  ) throws(HoldfastError) -> Entry {
    guard let typeName = value["dtype"]?.string else { throw damaged(path, "\(name) has no type") }
    guard let dtype = DType(safetensorsName: typeName) else {
      throw .badData(
        "\(path): the tensor \(name) has the type \(typeName), which holdfast does not read",
        remedy: "Convert it to F32, F16 or BF16.")
    }
    let shape = (value["shape"]?.array ?? []).compactMap(\.int)
    let offsets = (value["data_offsets"]?.array ?? []).compactMap(\.int)
    guard shape.count == value["shape"]?.array?.count, shape.count <= 16,
      offsets.count == 2, value["data_offsets"]?.array?.count == 2,
      shape.allSatisfy({ $0 >= 0 }), offsets[0] >= 0, offsets[0] <= offsets[1],
      offsets[1] <= limit - base
    else { throw damaged(path, "the place or shape of \(name) is impossible") }
    var bytes = dtype.size
    for size in shape {
      // libtorch cannot hold strides that overflow, not even of a tensor without elements.
      let (product, overflow) = bytes.multipliedReportingOverflow(by: max(size, 1))
      guard !overflow else { throw damaged(path, "the shape of \(name) is impossible") }
      bytes = product
    }
    if shape.contains(0) { bytes = 0 }
    guard bytes == offsets[1] - offsets[0] else {
      throw damaged(path, "\(name) has \(offsets[1] - offsets[0]) bytes, its shape needs \(bytes)")
    }
    return Entry(
      name: name, dtype: dtype, shape: shape, range: base + offsets[0]..<base + offsets[1])
  }
}

extension SafetensorsFile {
  /// Writes tensors to a file, replacing an earlier one whole.
  ///
  /// - Parameters:
  ///   - tensors: In the order of the data; written in their own types.
  ///   - metadata: Strings for `__metadata__`; `format: pt` is added, as Python's loaders expect.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:],
    to path: String
  ) throws(HoldfastError) {
    var members: [String: JSONValue] = [
      "__metadata__": .object(
        metadata.merging(["format": "pt"]) { own, _ in own }.mapValues(JSONValue.string))
    ]
    var offset = 0
    for (name, tensor) in tensors {
      guard let dtype = tensor.dtype else { throw .internalError("\(name) has a type of its own") }
      let end = offset + tensor.count * dtype.size
      let entry = JSONValue.object([
        "dtype": .string(dtype.safetensorsName), "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": .array([.integer(offset), .integer(end)]),
      ])
      guard members.updateValue(entry, forKey: name) == nil else {
        throw .internalError("\(path): two tensors to be written are named \(name)")
      }
      offset = end
    }
    var header = Data(JSONValue.object(members).text().utf8)
    header.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8))
    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
    try AtomicFile.write(to: path) { (writer) throws(HoldfastError) in
      try writer.append(length + header)
      for (_, tensor) in tensors {
        try tensor.to(.cpu).contiguous().withBytes { (bytes) throws(HoldfastError) in
          try writer.append(bytes)
        }
      }
    }
  }

  /// Writes weights, tensor by tensor.
  public static func write(
    _ weights: Weights, metadata: [String: String] = [:], to path: String
  ) throws(HoldfastError) {
    var tensors: [(name: String, tensor: Tensor)] = []
    for name in weights.names { tensors.append((name, try weights.tensor(name))) }
    try write(tensors, metadata: metadata, to: path)
  }
}
