import Basics
import Foundation

// Foundation has a type of this name too.
import struct Basics.ResultRow

/// The files of a run folder that a report is made from.
public enum RunFolder {
  /// The largest `results.jsonl` that is read, in bytes.
  public static let sizeLimit = 256 << 20

  /// Reads `results.jsonl`, one measurement a line; empty lines are skipped.
  ///
  /// - Throws: `HoldfastError`: `missingInput` without the file, `badData` with the line's number.
  public static func measurements(
    inFolder folder: String
  ) throws(HoldfastError) -> [ResultRow] {
    let path = folder + "/results.jsonl"
    let data = try contents(path, limit: sizeLimit)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    var rows: [ResultRow] = []
    var number = 0
    for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { continue }
      do {
        rows.append(try decoder.decode(ResultRow.self, from: line))
      } catch {
        throw .badData(
          "\(path) line \(number): \(reason(error))",
          remedy: "Delete that line, or make the run again.")
      }
    }
    return rows
  }

  /// Several runs as one list, in the order given.
  ///
  /// What two runs agree on is kept once. A method for which they have different numbers in the same
  /// setting, seed and set is kept for each, with the run's name in its setting under `run`.
  /// - Parameter runs: A name, which is unique, and the measurements of each run.
  public static func merged(_ runs: [(name: String, rows: [ResultRow])]) -> [ResultRow] {
    var known: [ResultRow: (value: Double, weights: String)] = [:]
    var contested: Set<String> = []
    for run in runs {
      for row in run.rows {
        let key = row.identity
        if let other = known[key], !row.agrees(with: other) { contested.insert(row.method) }
        known[key] = (row.value, row.weights)
      }
    }
    var seen: Set<ResultRow> = []
    return runs.flatMap { run in
      run.rows.compactMap { row in
        var row = row
        if contested.contains(row.method) { row.setting[Variant.runKey] = .string(run.name) }
        return seen.insert(row.identity).inserted ? row : nil
      }
    }
  }

  /// Reads and merges run folders; one folder is simply read.
  public static func measurements(
    inFolders folders: [String]
  ) throws(HoldfastError) -> [ResultRow] {
    var runs: [(name: String, rows: [ResultRow])] = []
    for folder in folders {
      runs.append((folder, try measurements(inFolder: folder)))
    }
    let short = folders.map { ($0 as NSString).lastPathComponent }
    let areUnique = Set(short).count == folders.count
    return merged(zip(runs, short).map { (areUnique ? $1 : $0.name, $0.rows) })
  }

  /// The text of `config.yaml`; empty where there is none.
  public static func configuration(inFolder folder: String) throws(HoldfastError) -> String {
    let path = folder + "/config.yaml"
    guard FileManager.default.fileExists(atPath: path) else { return "" }
    return String(decoding: try contents(path, limit: 1 << 20), as: UTF8.self)
  }

  /// The top-level entries of `environment.json`, by name; empty where there is none.
  public static func environment(
    inFolder folder: String
  ) throws(HoldfastError) -> [(String, String)] {
    let path = folder + "/environment.json"
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let value = try JSONValue.parse(contents(path, limit: 1 << 20), source: path)
    guard let members = value.object else {
      throw .badData("\(path): not a JSON object", remedy: "Delete the file, or run again.")
    }
    return members.sorted { $0.key < $1.key }.map { ($0.key, NumberText.setting($0.value)) }
  }

  private static func contents(_ path: String, limit: Int) throws(HoldfastError) -> Data {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw .missingInput(
        "\(path): cannot be opened", remedy: "Name a folder that `holdfast compare` has written.")
    }
    defer { try? handle.close() }
    do {
      let data = try handle.read(upToCount: limit + 1) ?? Data()
      if data.count <= limit { return data }
    } catch {
      throw .missingInput(
        "\(path): cannot be read", remedy: "Name a folder that `holdfast compare` has written.")
    }
    throw .badData(
      "\(path): larger than \(limit >> 20) MiB", remedy: "Check that it is the right file.")
  }

  /// What is wrong with a line, from Foundation's error.
  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "not JSON" }
    func name(_ path: [any CodingKey]) -> String {
      path.map(\.stringValue).joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, _): return "\"\(key.stringValue)\" is missing"
    case .typeMismatch(_, let context) where !context.codingPath.isEmpty,
      .dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "\"\(name(context.codingPath))\" has a value that it cannot have"
    case .valueNotFound(_, let context) where !context.codingPath.isEmpty:
      return "\"\(name(context.codingPath))\" has no value"
    default: return "not a JSON object with numbers in range"
    }
  }
}

extension ResultRow {
  /// The measurement without its numbers: what was measured.
  fileprivate var identity: ResultRow {
    ResultRow(
      method: method, setting: Variant.comparable(setting), seed: seed, set: set, role: role,
      metric: metric,
      value: 0, n: 0, ci95: [], selectedOn: selectedOn == nil ? nil : "", recipe: "", weights: "")
  }

  fileprivate func agrees(with other: (value: Double, weights: String)) -> Bool {
    weights == other.weights && (value == other.value || value.isNaN && other.value.isNaN)
  }
}
