import Basics
import Foundation

/// Writes a run folder while a run goes on.
///
/// Until the run is complete everything lies in the folder `unfinished` inside it, so that a run
/// that fails leaves the results of an earlier one as they were. Methods may be called from any
/// thread.
public final class RunRecorder: @unchecked Sendable {
  /// What became of a run that did not reach its end.
  public struct Remains: Hashable, Sendable {
    /// The folder that holds what was recorded.
    public var folder: String
    /// How many results are in it.
    public var results: Int
    /// Whether the run folder holds the results of an earlier run, which were left as they were.
    public var keptEarlier: Bool
  }

  /// The run folder.
  public let folder: String
  /// Where the run's files, checkpoints included, lie until it is complete.
  public let workingFolder: String

  private let lock = NSLock()
  private var rows: [ResultRow] = []
  private var waiting: [String] = []
  private var metrics: LineFile?
  private var partialResults: LineFile?
  private var writers: [String: EventFileWriter] = [:]

  /// A recorder, which writes nothing before `begin`.
  public init(folder: String) {
    self.folder = folder
    workingFolder = folder + "/unfinished"
  }

  /// Makes the folders and writes `config.yaml` and `environment.json`.
  ///
  /// - Throws: `HoldfastError` of kind `cannotWrite`.
  public func begin(
    configuration: JSONValue, environment: JSONValue
  ) throws(HoldfastError) {
    lock.lock()
    defer { lock.unlock() }
    try? FileManager.default.removeItem(atPath: workingFolder)
    try AtomicFile.makeFolder(workingFolder)
    try AtomicFile.write(YAMLText.document(configuration), to: workingFolder + "/config.yaml")
    try AtomicFile.write(
      environment.text(pretty: true) + "\n", to: workingFolder + "/environment.json")
    let file = try LineFile(workingFolder + "/metrics.jsonl")
    for line in waiting { try file.append(line) }
    waiting = []
    metrics = file
    partialResults = try LineFile(workingFolder + "/results.jsonl")
  }

  /// Adds a line to `metrics.jsonl`; lines before `begin` are kept for it.
  public func log(_ event: JSONValue) throws(HoldfastError) {
    lock.lock()
    defer { lock.unlock() }
    guard let metrics else {
      waiting.append(event.text())
      return
    }
    try metrics.append(event.text())
  }

  /// Adds a result.
  public func add(_ row: ResultRow) throws(HoldfastError) {
    lock.lock()
    defer { lock.unlock() }
    rows.append(row)
    try partialResults?.append(ReportWriter.jsonLines([row]))
  }

  /// Adds a point to a curve of TensorBoard.
  ///
  /// - Parameters:
  ///   - curve: The name of the run in TensorBoard: `full-seed0`, for example.
  ///   - tag: `train/loss`, for example.
  public func scalar(
    _ tag: String, _ value: Double, step: Int, of curve: String
  ) throws(HoldfastError) {
    lock.lock()
    defer { lock.unlock() }
    guard metrics != nil else { return }
    let name = String(
      curve.map { $0.isLetter || $0.isNumber || "-_.=, ".contains($0) ? $0 : "_" })
    let writer: EventFileWriter
    if let known = writers[name] {
      writer = known
    } else {
      writer = try EventFileWriter(folder: "\(workingFolder)/tensorboard/\(name)")
      writers[name] = writer
    }
    try writer.add(tag, value, step: step)
  }

  /// Writes tables and page, and puts everything in its place.
  ///
  /// - Parameter notes: Remarks for the page.
  /// - Throws: `HoldfastError` of kind `cannotWrite`; `results.jsonl` is replaced last but for the
  ///   files made from it.
  public func finish(title: String, notes: [String] = []) throws(HoldfastError) {
    lock.lock()
    defer { lock.unlock() }
    try close()
    try writeReport(title: title, notes: notes)
    try promote()
  }

  /// Saves what was recorded by a run that did not reach its end.
  ///
  /// Where the run folder holds no earlier results it becomes the place of these; else they stay
  /// in `unfinished`.
  /// - Returns: Nil where nothing was recorded.
  public func abandon(title: String, note: String) throws(HoldfastError) -> Remains? {
    lock.lock()
    defer { lock.unlock() }
    guard metrics != nil else { return nil }
    try close()
    let keepsEarlier = FileManager.default.fileExists(atPath: folder + "/results.jsonl")
    if rows.isEmpty {
      try? FileManager.default.removeItem(atPath: workingFolder + "/results.jsonl")
    } else {
      try writeReport(title: title, notes: [note])
    }
    if !keepsEarlier { try promote() }
    return Remains(
      folder: keepsEarlier ? workingFolder : folder, results: rows.count,
      keptEarlier: keepsEarlier)
  }

  /// The results so far, in the order they were added.
  public var results: [ResultRow] { lock.withLock { rows } }

  private func close() throws(HoldfastError) {
    for (_, writer) in writers { try writer.flush() }
    writers = [:]
    metrics = nil
    partialResults = nil
  }

  private func writeReport(title: String, notes: [String]) throws(HoldfastError) {
    let report = ReportWriter(
      title: title, measurements: rows,
      configuration: try RunFolder.configuration(inFolder: workingFolder),
      environment: try RunFolder.environment(inFolder: workingFolder), notes: notes)
    try report.write(to: workingFolder)
  }

  /// Moves everything from the working folder into the run folder, replacing what is there.
  private func promote() throws(HoldfastError) {
    let files = FileManager.default
    let names = ((try? files.contentsOfDirectory(atPath: workingFolder)) ?? []).sorted()
    for name in names {
      let source = "\(workingFolder)/\(name)"
      let target = "\(folder)/\(name)"
      // A file is replaced in one step; a folder has to make room first.
      var isFolder: ObjCBool = false
      if files.fileExists(atPath: target, isDirectory: &isFolder), isFolder.boolValue {
        try? files.removeItem(atPath: target)
      }
      guard rename(source, target) == 0 else {
        throw .cannotWrite(
          "\(target): cannot be replaced (\(String(cString: strerror(errno))))",
          remedy: "Check its permissions; the new files are in \(workingFolder).")
      }
    }
    try? files.removeItem(atPath: workingFolder)
  }
}
