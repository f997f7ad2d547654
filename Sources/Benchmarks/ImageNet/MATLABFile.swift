import Basics
import Foundation

/// Arrays of structures in a MATLAB file of version 5 to 7: what a development kit's `meta.mat` is.
///
/// The format is described in MathWorks' "MAT-File Format" (2019), part "Level 5". Numbers and texts
/// are read; nested structures, cells and sparse arrays are passed over. Little-endian files only.
struct MATLABFile {
  /// The content of a field.
  enum Value: Hashable {
    case numbers([Double])
    case text(String)
    case other
  }

  private let source: String
  private let bytes: [UInt8]

  /// What one element may unpack to.
  private static let limit = 1 << 28

  /// Reads a file and checks its header.
  ///
  /// - Throws: `HoldfastError` of kind `badData` for a file of another format.
  init(_ source: String) throws(HoldfastError) {
    self.source = source
    bytes = try TextFile.bytes(source)
    guard bytes.count >= 128, bytes[125] == 1, bytes[126...127].elementsEqual("IM".utf8) else {
      throw .badData(
        "\(source): not a little-endian MATLAB file of version 5 to 7",
        remedy: "Fetch the file again.")
    }
  }

  /// The entries of an array of structures, each by field names.
  ///
  /// - Throws: `HoldfastError` of kind `badData` where there is no such array or the file is damaged.
  func structures(named name: String) throws(HoldfastError) -> [[String: Value]] {
    var reader = Reader(bytes[128...], source: source)
    while let element = try reader.element() {
      var element = element
      if element.type == .compressed {
        // zlib's two bytes before and four behind the deflated ones.
        let inside = Data(element.content.dropFirst(2).dropLast(4))
        let unpacked = [UInt8](
          try Compression.inflated(inside, .none, limit: Self.limit, name: source))
        var inner = Reader(unpacked[...], source: source)
        guard let found = try inner.element() else { continue }
        element = found
      }
      guard element.type == .matrix else { continue }
      if let entries = try structures(element.content, named: name) { return entries }
    }
    throw .badData(
      "\(source): there is no array of structures '\(name)' in it", remedy: "Fetch the file again.")
  }

  /// The entries of a matrix element; nil where it has another name or is of another class.
  private func structures(
    _ content: ArraySlice<UInt8>, named name: String
  ) throws(HoldfastError) -> [[String: Value]]? {
    var reader = Reader(content, source: source)
    let header = try reader.matrixHeader()
    guard header.name == name, header.classCode == 2 else { return nil }
    let length = try reader.needed().numbers.first ?? 0
    guard let width = Int(exactly: length), (1...64).contains(width) else { throw reader.damaged }
    let packed = try reader.needed().content
    let fields = stride(from: packed.startIndex, to: packed.endIndex, by: width).map { start in
      String(
        decoding: packed[start..<min(start + width, packed.endIndex)].prefix { $0 != 0 },
        as: UTF8.self)
    }
    guard !fields.isEmpty else { throw reader.damaged }
    var entries: [[String: Value]] = []
    for _ in 0..<header.count {
      var entry: [String: Value] = [:]
      for field in fields { entry[field] = try value(try reader.needed()) }
      entries.append(entry)
    }
    return entries
  }

  /// What a matrix inside a structure holds.
  private func value(_ element: Element) throws(HoldfastError) -> Value {
    guard element.type == .matrix, !element.content.isEmpty else { return .other }
    var reader = Reader(element.content, source: source)
    let header = try reader.matrixHeader()
    switch header.classCode {
    case 4: return .text(header.count == 0 ? "" : try reader.needed().text)
    case 6...15: return .numbers(header.count == 0 ? [] : try reader.needed().numbers)
    default: return .other
    }
  }
}

extension MATLABFile {
  /// A typed run of bytes.
  fileprivate struct Element {
    enum Kind: Equatable {
      case matrix
      case compressed
      case data(UInt32)
    }

    var type: Kind
    var content: ArraySlice<UInt8>

    /// The values of a numeric element; empty for another type.
    var numbers: [Double] {
      guard case .data(let code) = type else { return [] }
      switch code {
      case 1: return values(1) { Double(Int8(truncatingIfNeeded: $0)) }
      case 2: return values(1) { Double($0) }
      case 3: return values(2) { Double(Int16(truncatingIfNeeded: $0)) }
      case 4: return values(2) { Double($0) }
      case 5: return values(4) { Double(Int32(truncatingIfNeeded: $0)) }
      case 6: return values(4) { Double($0) }
      case 7: return values(4) { Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))) }
      case 9: return values(8) { Double(bitPattern: $0) }
      case 12: return values(8) { Double(Int64(bitPattern: $0)) }
      case 13: return values(8) { Double($0) }
      default: return []
      }
    }

    /// The characters of a text element: UTF-8, or one number each.
    var text: String {
      if type == .data(16) || type == .data(1) { return String(decoding: content, as: UTF8.self) }
      let units = values(type == .data(18) ? 4 : type == .data(2) ? 1 : 2) { $0 }
      return String(
        String.UnicodeScalarView(
          units.map { UInt32(exactly: $0).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}" }))
    }

    private func values<V>(_ size: Int, _ convert: (UInt64) -> V) -> [V] {
      stride(from: content.startIndex, through: content.endIndex - size, by: size).map { start in
        convert(
          content[start..<(start + size)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
      }
    }
  }

  /// Walks through elements, each an 8-byte tag, its content and padding to eight bytes.
  fileprivate struct Reader {
    private var rest: ArraySlice<UInt8>
    private let source: String

    init(_ bytes: ArraySlice<UInt8>, source: String) {
      rest = bytes
      self.source = source
    }

    var damaged: HoldfastError {
      .badData(
        "\(source): the MATLAB file is damaged or cut off", remedy: "Fetch the file again.")
    }

    /// The next element; nil at the end.
    mutating func element() throws(HoldfastError) -> Element? {
      if rest.isEmpty { return nil }
      guard rest.count >= 8 else { throw damaged }
      let first = word(0)
      // A small element keeps its size in the tag's upper half and its content in the other word.
      let small = Int(first >> 16)
      guard small == 0 else {
        guard small <= 4 else { throw damaged }
        let content = rest.dropFirst(4).prefix(small)
        rest = rest.dropFirst(8)
        return Element(type: .data(first & 0xFFFF), content: content)
      }
      let size = Int(word(4))
      guard size <= rest.count - 8 else { throw damaged }
      let content = rest.dropFirst(8).prefix(size)
      // A compressed element is followed by the next one without padding.
      rest = rest.dropFirst(8 + (first == 15 ? size : (size + 7) / 8 * 8))
      switch first {
      case 14: return Element(type: .matrix, content: content)
      case 15: return Element(type: .compressed, content: content)
      default: return Element(type: .data(first), content: content)
      }
    }

    mutating func needed() throws(HoldfastError) -> Element {
      guard let element = try element() else { throw damaged }
      return element
    }

    /// What every matrix begins with: flags, dimensions and name.
    mutating func matrixHeader() throws(HoldfastError) -> (
      classCode: Int, count: Int, name: String
    ) {
      let flags = try needed().content
      let dimensions = try needed().numbers
      guard let code = flags.first, !dimensions.isEmpty else { throw damaged }
      var count = 1
      for dimension in dimensions {
        guard let size = Int(exactly: dimension), (0...1_000_000).contains(size),
          count * size <= 10_000_000
        else { throw damaged }
        count *= size
      }
      return (Int(code), count, String(decoding: try needed().content, as: UTF8.self))
    }

    private func word(_ offset: Int) -> UInt32 {
      rest.dropFirst(offset).prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }
}
