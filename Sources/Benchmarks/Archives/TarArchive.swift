import Basics

/// The files in a tar archive, and where in it they lie; nothing is unpacked.
///
/// Reads POSIX's ustar and pax and GNU's dialect. Folders, links and devices are passed over.
struct TarArchive {
  /// A file in the archive.
  struct Member {
    /// Without `.` and `..`.
    var name: String
    /// The first byte of its content in the archive.
    var offset: Int
    /// How many bytes it has.
    var count: Int
  }

  let path: String
  private(set) var members: [Member] = []
  /// How many links, devices and the like there are.
  private(set) var skipped = 0

  /// Names, pax records and contents that are asked for are read up to this size.
  static let readingLimit = 1 << 20
  private static let memberLimit = 10_000_000

  /// Reads the headers of an archive, and from some of its members the content.
  ///
  /// - Parameters:
  ///   - wanted: Whether a member's content is to be read, by its name.
  ///   - content: Told of the content of a wanted member.
  /// - Throws: `HoldfastError` of kind `missingInput` where the file cannot be read, `badData` with
  ///   the byte at which an archive is damaged, cut off or names a file outside itself.
  init(
    _ path: String, wanted: (String) -> Bool = { _ in false },
    content: (Member, [UInt8]) throws(HoldfastError) -> Void = { _, _ in }
  ) throws(HoldfastError) {
    self.path = path
    let file = try ArchiveFile(path)
    var position = 0
    var longName: [UInt8]?
    var records: PaxRecords?
    while let header = try header(of: file, at: position) {
      let isRecord = "LKxg".utf8.contains(header.type)
      let count = isRecord ? header.count : records?.size ?? header.count
      let start = position + TarHeader.size
      guard count <= file.size - start else {
        throw damaged(
          position, "a member of \(count) bytes ends beyond the archive, which is cut off")
      }
      switch header.type {
      case UInt8(ascii: "L"):
        longName = try Array(read(file, at: start, count).prefix { $0 != 0 })
      case UInt8(ascii: "x"):
        records = try PaxRecords(read(file, at: start, count))
        if records == nil { throw damaged(position, "the pax records are damaged") }
      case UInt8(ascii: "K"), UInt8(ascii: "g"):
        break
      default:
        let name = records?.path ?? longName ?? header.name
        if header.type == UInt8(ascii: "S") || records?.isSparse == true {
          throw damaged(position, "a sparse file cannot be read in its place")
        }
        if Self.isFile(header.type, name) {
          let member = Member(name: try checked(name, at: position), offset: start, count: count)
          members.append(member)
          guard members.count <= Self.memberLimit else {
            throw damaged(position, "there are more than \(Self.memberLimit) files")
          }
          if wanted(member.name) { try content(member, read(file, at: start, count)) }
        } else if header.type != UInt8(ascii: "5"), name.last != UInt8(ascii: "/") {
          skipped += 1
        }
        longName = nil
        records = nil
      }
      // A member fills whole blocks.
      position = start + (count + TarHeader.size - 1) / TarHeader.size * TarHeader.size
    }
  }

  /// Whether a member is a file: `0`, or nothing as in very old archives, or contiguous.
  private static func isFile(_ type: UInt8, _ name: [UInt8]) -> Bool {
    [0, UInt8(ascii: "0"), UInt8(ascii: "7")].contains(type) && name.last != UInt8(ascii: "/")
  }

  /// The header at a place; nil at the end mark.
  private func header(
    of file: borrowing ArchiveFile, at position: Int
  ) throws(HoldfastError) -> TarHeader? {
    guard let block = file.bytes(at: position, TarHeader.size) else {
      throw damaged(position, "the archive is cut off, its end mark is missing")
    }
    if block.allSatisfy({ $0 == 0 }) { return nil }
    if position == 0, block.starts(with: [0x1F, 0x8B]) {
      throw .badData(
        "\(path): the archive is compressed, so that its files cannot be read in their places",
        remedy: "Unpack it with gunzip to a .tar.")
    }
    do throws(TarHeader.Damage) {
      return try TarHeader(block)
    } catch {
      throw damaged(position, error.rawValue)
    }
  }

  private func read(
    _ file: borrowing ArchiveFile, at position: Int, _ count: Int
  ) throws(HoldfastError) -> [UInt8] {
    guard count <= Self.readingLimit else {
      throw damaged(
        position, "a name or label of \(count) bytes is longer than \(Self.readingLimit)")
    }
    guard let bytes = file.bytes(at: position, count) else {
      throw damaged(position, "the archive cannot be read")
    }
    return bytes
  }

  private func checked(_ name: [UInt8], at position: Int) throws(HoldfastError) -> String {
    guard let text = String(validatingBytes: name) else {
      throw damaged(position, "a name is not UTF-8")
    }
    guard !text.hasPrefix("/"), let inside = confined(text) else {
      throw damaged(position, "the name '\(excerpt(text))' leads out of the archive")
    }
    return inside
  }

  private func damaged(_ position: Int, _ problem: String) -> HoldfastError {
    .badData("\(path): at byte \(position): \(problem)", remedy: "Fetch or make the archive again.")
  }
}
