import Basics
import Foundation

/// A file in the cache that holds an opened data set: relative paths, labels and sizes.
///
/// It is believed as long as no folder that was listed and no file that was read for it has
/// changed, and the program is the one that wrote it. Where it is not believed, is damaged or was
/// deleted, the data set is read again. Sets that open quickly have none.
struct DatasetIndex {
  /// Sets of fewer images are read as fast as an index would be.
  static let smallestCount = 20_000
  /// The first bytes of an index; the number is that of its format.
  private static let mark = Array("HFINDEX1".utf8)

  /// Where the index is, if there is one.
  let file: String
  /// What was asked for; the file's name is made of it.
  private let key: String

  /// The index of what a specifier names.
  ///
  /// - Parameter cache: The folder of caches; the index lies in `index/` there.
  init(of specifier: DatasetSpecifier, for purpose: DatasetPurpose, cache: String) {
    // A data set's paths begin as its specifier's does, so that the folder it is relative to counts.
    let base = specifier.place.hasPrefix("/") ? "" : FileManager.default.currentDirectoryPath
    key = ([specifier.text, specifier.place, base, purpose.rawValue]).joined(separator: "\0")
    let name = SHA256.name(of: Data(key.utf8)).dropFirst("sha256:".count).prefix(32)
    file = joined(cache, "index/\(name).hfi")
  }

  /// The data sets in the index; nil where there is none that can be believed.
  ///
  /// - Parameter allowMissing: Whether sets that lack images will do.
  func load(allowMissing: Bool) -> [Dataset]? {
    guard let data = FileManager.default.contents(atPath: file),
      let sets = data.withUnsafeBytes({ decode($0) })
    else { return nil }
    let isComplete = sets.allSatisfy { $0.missingFiles.isEmpty && $0.conditions["missing"] == nil }
    return isComplete || allowMissing ? sets : nil
  }

  /// Writes the index and completes the data sets with what it knows; small sets, those whose
  /// folders have just been changed, and what cannot be written are left as they are.
  ///
  /// - Parameter progress: Called with files measured and in all.
  func save(
    _ sets: inout [Dataset], dependencies: DependencyRecorder, progress: (Int, Int) -> Void
  ) {
    guard sets.reduce(0, { $0 + $1.samples.count }) >= Self.smallestCount,
      dependencies.isSettled
    else { return }
    let sizes = FileSizes.measure(sets, progress: progress)
    for index in sets.indices { sets[index].bytes = sizes[index].reduce(0) { $0 &+ Int($1) } }
    guard let content = encode(sets, sizes, dependencies.dependencies) else { return }
    var header = ByteWriter()
    for byte in Self.mark { header.append(byte) }
    header.append(Compression.crc32(content))
    try? AtomicFile.write(to: file) { (handle) throws(HoldfastError) in
      try handle.append(Data(header.bytes))
      try handle.append(content)
    }
  }

  private func encode(
    _ sets: [Dataset], _ sizes: [[Int64]], _ dependencies: [String: FileStamp]
  ) -> Data? {
    var writer = ByteWriter()
    writer.append(key)
    writer.append(Self.program) { $0.append($1) }
    writer.append(dependencies.sorted { precedesInBytes($0.key, $1.key) }) { writer, entry in
      writer.append(entry.key)
      writer.append(entry.value)
    }
    writer.append(UInt32(clamping: sets.count))
    for (set, sizes) in zip(sets, sizes) {
      guard writer.append(set, sizes: sizes) else { return nil }
    }
    return Data(writer.bytes)
  }

  private func decode(_ bytes: UnsafeRawBufferPointer) -> [Dataset]? {
    var reader = ByteReader(bytes)
    guard let mark = reader.take(Self.mark.count), mark.elementsEqual(Self.mark),
      let sum = reader.number(UInt32.self), reader.text() == key,
      let program = reader.optional({ $0.stamp() }), program == Self.program,
      let count = reader.number(UInt32.self)
    else { return nil }
    for _ in 0..<count {
      guard let path = reader.text(), let stamp = reader.stamp(), stamp == FileStamp(at: path)
      else { return nil }
    }
    let content = UnsafeRawBufferPointer(rebasing: bytes[(Self.mark.count + 4)...])
    guard Compression.crc32(content) == sum,
      let sets = reader.array({ $0.dataset() }), reader.isAtEnd
    else { return nil }
    return sets
  }

  /// The running program, since another build may read a data set in another way.
  private static let program = Bundle.main.executablePath.map { FileStamp(at: $0) }
}

extension ByteWriter {
  mutating func append(_ stamp: FileStamp) {
    append(stamp.time)
    append(stamp.inode)
    append(stamp.size)
  }
}

extension ByteReader {
  mutating func stamp() -> FileStamp? {
    guard let time = number(Int64.self), let inode = number(UInt64.self),
      let size = number(Int64.self)
    else { return nil }
    return FileStamp(time: time, inode: inode, size: size)
  }
}
