import Basics
import Foundation

/// What `torch.save` or TorchScript wrote: named tensors, read without running anything.
///
/// Read are the zip archives of both, and the older files of `torch.save` without an archive. The
/// tensors are those of a dictionary, or of its member `state_dict`, `model_state_dict` or `model`;
/// of a TorchScript module, those of its attributes, under dotted names. The code of a TorchScript
/// archive is never looked at, and pickles are read by an interpreter that knows tensors and plain
/// containers and refuses all else by name.
/// Format: `torch/serialization.py`, and docs/serialization.md of PyTorch's `torch/csrc/jit`.
public struct TorchFile: TensorFile {
  public let path: String
  /// Whether it is a TorchScript archive.
  public let isScript: Bool
  public let names: [String]
  /// Texts and numbers that lie beside the tensors, an epoch for example.
  public let metadata: [String: String]
  private let tensors: [String: TorchTensor]
  private let storages: TorchStorages

  static let pickleLimit = 64 << 20

  /// Maps a file and reads what it says about its tensors.
  ///
  /// - Throws: `HoldfastError`: `missingInput` where it cannot be opened, `badData` with the
  ///   position where it is damaged or asks for anything but tensors and plain containers.
  public init(path: String) throws(HoldfastError) {
    self.path = path
    let nodes: [PickleNode]
    let root: PickleValue
    switch try Self.signature(of: path) {
    case .archive:
      let archive = try TorchArchive(path: path)
      isScript = archive.isScript
      (nodes, root) = try archive.read()
      storages = .archive(archive)
    case .plain:
      let file: PlainTorchFile
      (file, nodes, root) = try PlainTorchFile.read(path)
      isScript = false
      storages = .plain(file)
    }
    let content = try TorchContent(of: root, in: nodes, path: path)
    names = content.tensors.map(\.name)
    tensors = Dictionary(content.tensors.map { ($0.name, $0.tensor) }) { first, _ in first }
    metadata = content.metadata
    guard tensors.count == names.count else {
      throw .badData(
        "\(path): two of its tensors have one name", remedy: "Write the file again.")
    }
  }

  public func shape(of name: String) -> [Int]? { tensors[name]?.shape }

  public func tensor(_ name: String) throws(HoldfastError) -> Tensor {
    guard let view = tensors[name] else {
      throw .badData(
        "\(path): there is no tensor \(name)", remedy: "Check that the file is the right one.")
    }
    return try view.tensor(in: storages.bytes(of: view.storage))
  }

  private enum Signature { case archive, plain }

  private static func signature(of path: String) throws(HoldfastError) -> Signature {
    guard let handle = FileHandle(forReadingAtPath: path),
      let head = try? handle.read(upToCount: PlainTorchFile.signature.count) ?? Data()
    else {
      throw .missingInput(
        "\(path): the file cannot be opened", remedy: "Check the path and its permissions.")
    }
    if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return .archive }
    if Array(head) == PlainTorchFile.signature { return .plain }
    if head.starts(with: Data("version https://git".utf8.prefix(15))) {
      throw .badData(
        "\(path): a pointer of Git LFS, not the file itself",
        remedy: "Fetch the file with git lfs pull.")
    }
    throw .badData(
      "\(path): not a file of torch.save: its first bytes are unknown",
      remedy: "Load it in Python and save the tensors alone: "
        + "torch.save(model.state_dict(), \"weights.pt\").")
  }
}

/// Where a file keeps the elements of its tensors.
private enum TorchStorages: Sendable {
  case archive(TorchArchive)
  case plain(PlainTorchFile)

  func bytes(of storage: TorchStorage) throws(HoldfastError) -> Data {
    switch self {
    case .archive(let archive): return try archive.bytes(of: storage)
    case .plain(let file): return try file.bytes(of: storage)
    }
  }
}
