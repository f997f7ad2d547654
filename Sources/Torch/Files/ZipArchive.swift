import Basics
import Foundation

/// A zip archive, mapped into memory: named entries that are checked when they are read.
///
/// Everything that the two directories claim is checked before it is used: that they agree, that
/// the entries lie before the central directory without overlap, that names are unique, and limits
/// on counts and sizes. Names are keys and never become paths. Entries are stored or deflated;
/// archives of several disks, encrypted ones, and bytes before or after the archive are refused.
/// Format: APPNOTE.TXT 6.3 of PKWARE, zip64 included.
public struct ZipArchive: Sendable {
  /// What the directory says of one entry.
  public struct Entry: Hashable, Sendable {
    public var name: String
    /// The size of the content in bytes.
    public var size: Int
    var isDeflated: Bool
    var checksum: UInt32
    /// Where the bytes lie in the file.
    var range: Range<Int>
  }

  public let path: String
  /// The entries in the order of their bytes.
  public let entries: [Entry]
  private let data: Data
  private let positions: [String: Int]
  private let verified = VerifiedNames()

  static let entryLimit = 200_000
  static let nameLimit = 4096
  static let directoryLimit = 64 << 20

  /// Maps a file and reads its directory.
  ///
  /// - Throws: `HoldfastError`: `missingInput` where it cannot be opened, `badData` where it is no
  ///   archive, or one that does not hold what the format demands.
  public init(path: String) throws(HoldfastError) {
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw .missingInput(
        "\(path): the file cannot be opened", remedy: "Check the path and its permissions.")
    }
    self.path = path
    let directory = try ZipDirectory(of: data, path: path)
    entries = try directory.entries(in: data)
    var positions: [String: Int] = [:]
    for (number, entry) in entries.enumerated() {
      guard positions.updateValue(number, forKey: entry.name) == nil else {
        throw ZipDirectory.damaged(path, "two entries are named \(entry.name)")
      }
    }
    self.positions = positions
  }

  public subscript(name: String) -> Entry? { positions[name].map { entries[$0] } }

  /// The content of an entry, whose checksum is compared the first time.
  ///
  /// A stored entry is a view of the mapped file, without a copy.
  ///
  /// - Parameter limit: The most bytes that are accepted.
  public func content(of name: String, limit: Int = .max) throws(HoldfastError) -> Data {
    guard let entry = self[name] else {
      throw .badData(
        "\(path): there is no entry \(name)", remedy: "Check that the file is the right one.")
    }
    guard entry.size <= limit else {
      throw .badData(
        "\(path): the entry \(name) has \(entry.size) bytes, more than \(limit)",
        remedy: "Check that the file is the right one.")
    }
    var content = data[entry.range]
    if entry.isDeflated {
      content = try Compression.inflated(
        content, .none, limit: entry.size, name: "\(path): the entry \(name)")
    }
    guard content.count == entry.size else {
      throw ZipDirectory.damaged(
        path, "the entry \(name) has \(content.count) bytes, \(entry.size) are announced")
    }
    // A deflated entry is inflated anew each time, a stored one is the same bytes again.
    if entry.isDeflated || !verified.contains(name) {
      guard Compression.crc32(content) == entry.checksum else {
        throw ZipDirectory.damaged(path, "the checksum of the entry \(name) is wrong")
      }
      verified.insert(name)
    }
    return content
  }
}

/// The names whose bytes were compared with their checksum.
private final class VerifiedNames: @unchecked Sendable {
  // Both are only touched under the lock.
  private let lock = NSLock()
  private var names: Set<String> = []

  func contains(_ name: String) -> Bool { lock.withLock { names.contains(name) } }

  func insert(_ name: String) { lock.withLock { _ = names.insert(name) } }
}
