import Basics
import Benchmarks
import Foundation
import Images
import Torch

/// One thing that holdfast needs, and how it stands with it on this machine.
public struct MachineCheck: Sendable, Hashable {
  public var name: String
  /// What was found.
  public var finding: String
  /// What to do about it, where something is wrong; nil where all is well.
  public var remedy: String?
  /// The kind of error that this is, where something is wrong.
  public var kind: HoldfastError.Kind?

  init(_ name: String, _ finding: String) {
    self.name = name
    self.finding = finding
  }

  init(_ name: String, _ error: HoldfastError) {
    self.init(name, error.problem)
    remedy = error.remedy
    kind = error.kind
  }

  /// Whether nothing is wrong.
  public var isWell: Bool { remedy == nil }

  /// Looks at versions, devices, threads, libraries, the cache and the embedded model.
  ///
  /// - Parameter cache: The folder of caches; the default is that of `MiniDomains`.
  public static func all(cache: String = MiniDomains.defaultCache) -> [MachineCheck] {
    let process = ProcessInfo.processInfo
    var checks = [
      MachineCheck("holdfast", RunEnvironment.version),
      MachineCheck("Swift", RunEnvironment.swiftVersion),
      MachineCheck("libtorch", Machine.libtorchVersion),
      MachineCheck(
        "devices",
        (["cpu"] + (0..<max(Machine.cudaDevices, 0)).map { "cuda:\($0)" }
          + (Machine.hasMPS ? ["mps"] : [])).joined(separator: ", ")),
      MachineCheck(
        "threads", "\(Machine.threads) in libtorch, \(process.activeProcessorCount) cores"),
      MachineCheck(
        "memory", "\(process.physicalMemory >> 20) MiB"),
    ]
    checks.append(
      outcome("libctorch") { () throws(HoldfastError) in
        try Machine.checkNativeLibrary()
        return "the interface it was compiled for"
      })
    checks.append(
      outcome("operators") { () throws(HoldfastError) in
        let missing = Machine.missingOperators
        guard missing.isEmpty else {
          throw HoldfastError(
            .internalError, "libtorch lacks \(missing.joined(separator: ", "))",
            remedy: "Install libtorch 2.13 and run make build.")
        }
        return "all there"
      })
    checks.append(outcome("image codecs", codecs))
    checks.append(outcome("cache") { () throws(HoldfastError) in try folder(cache) })
    checks.append(
      outcome("embedded model") { () throws(HoldfastError) in
        let model = try ModelLocation.read(ModelLocation.builtin)
        return "\(ModelLocation.builtin), \(model.weights.layout.count) parameters"
      })
    return checks
  }

  private static func outcome(
    _ name: String, _ body: () throws(HoldfastError) -> String
  ) -> MachineCheck {
    do throws(HoldfastError) {
      return MachineCheck(name, try body())
    } catch {
      return MachineCheck(name, error)
    }
  }

  /// A WebP file of 1 x 6 pixels.
  private static let webP =
    "UklGRkIAAABXRUJQVlA4IDYAAADwAQCdASoBAAYAAUAmJZgCdEf/gefoAQAA/u1uW2zS1N7EjLIEU8am/jADjT6GnQ1/"
    + "NeBgAAA="

  private static func codecs() throws(HoldfastError) -> String {
    let image = RGBImage(width: 2, height: 2, pixels: [UInt8](repeating: 128, count: 12))
    _ = try ImageFile.decode(image.jpeg(), name: "a test image in JPEG")
    _ = try ImageFile.decode(image.png(), name: "a test image in PNG")
    let file = Data(base64Encoded: webP) ?? Data()
    _ = try ImageFile.decode(file, name: "a test image in WebP")
    return "JPEG, PNG through \(ImageFile.inflater), WebP"
  }

  private static func folder(_ path: String) throws(HoldfastError) -> String {
    try AtomicFile.makeFolder(path)
    let probe = "\(path)/.doctor-\(getpid())"
    try AtomicFile.write("", to: probe)
    unlink(probe)
    var size = 0
    let items = FileManager.default.enumerator(atPath: path)
    while let name = items?.nextObject() as? String {
      var information = stat()
      if lstat("\(path)/\(name)", &information) == 0 { size += Int(information.st_size) }
    }
    let free =
      (try? FileManager.default.attributesOfFileSystem(forPath: path))?[.systemFreeSize] as? Int
    return "\(path), \(size >> 20) MiB used" + (free.map { ", \($0 >> 20) MiB free" } ?? "")
  }
}
