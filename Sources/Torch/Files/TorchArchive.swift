import Basics
import Foundation

/// The zip archive of `torch.save` or TorchScript: a pickle, and each storage an entry.
struct TorchArchive: Sendable {
  /// Whether there is code beside the tensors, which is not looked at.
  let isScript: Bool
  private let archive: ZipArchive
  /// The folder within the archive, with its slash.
  private let folder: String

  init(path: String) throws(HoldfastError) {
    archive = try ZipArchive(path: path)
    let pickles = archive.entries.map(\.name).filter { name in
      name == "data.pkl" || name.hasSuffix("/data.pkl") && name.count { $0 == "/" } == 1
    }
    guard let pickle = pickles.first, pickles.count == 1 else {
      throw .badData(
        "\(path): a zip archive, but not of torch.save: it has \(pickles.count) entries data.pkl",
        remedy: "Unpack it, or give the file that torch.save wrote.")
    }
    let folder = String(pickle.dropLast("data.pkl".count))
    self.folder = folder
    isScript = archive.entries.contains { $0.name.hasPrefix("\(folder)code/") }
    if archive["\(folder)byteorder"] != nil {
      let order = try archive.content(of: "\(folder)byteorder", limit: 64)
      guard String(decoding: order, as: UTF8.self) == "little" else {
        throw .badData(
          "\(path): its bytes are not in little-endian order",
          remedy: "Write it again on a machine with little-endian order.")
      }
    }
  }

  /// Reads the pickle.
  func read() throws(HoldfastError) -> (nodes: [PickleNode], root: PickleValue) {
    let name = "\(folder)data.pkl"
    let bytes = try archive.content(of: name, limit: TorchFile.pickleLimit)
    var reader = PickleReader(ByteReader(bytes), source: "\(archive.path): \(name)")
    let root = try reader.read()
    return (reader.nodes, root)
  }

  /// The bytes of a storage.
  func bytes(of storage: TorchStorage) throws(HoldfastError) -> Data {
    let name = "\(folder)data/\(storage.key)"
    let bytes = try archive.content(of: name)
    let (size, overflow) = storage.count.multipliedReportingOverflow(by: storage.dtype.size)
    guard !overflow, size <= bytes.count else {
      throw .badData(
        "\(archive.path): the entry \(name) has \(bytes.count) bytes, its tensors need more "
          + "(\(storage.count) of \(storage.dtype.rawValue))",
        remedy: "Fetch or write the file again.")
    }
    return bytes
  }
}
