import Basics
import Foundation
import Torch

/// What a run ran on, as `environment.json` records it.
public enum RunEnvironment {
  /// holdfast's version.
  public static let version = "0.1.0"

  /// The Swift compiler's version, as far as the language tells it.
  public static var swiftVersion: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #elseif compiler(>=6.2)
      "6.2"
    #else
      "6.1"
    #endif
  }

  /// Versions, device, threads, machine, time and command line.
  public static func describe(
    _ context: RunContext, arguments: [String] = CommandLine.arguments, date: Date = Date()
  ) -> JSONValue {
    let process = ProcessInfo.processInfo
    var members: [String: JSONValue] = [
      "holdfast": .string(version),
      "swift": .string(swiftVersion),
      "libtorch": .string(Machine.libtorchVersion),
      "device": .string(context.device.description),
      "precision": .string(context.precision == .bfloat16 ? "bf16" : "fp32"),
      "threads": .integer(Machine.threads),
      "exact": .bool(!FastPaths.areOn),
      "loader_threads": .integer(context.loaderThreads),
      "os": .string(process.operatingSystemVersionString),
      "cpu_count": .integer(process.activeProcessorCount),
      "date": .string(date.ISO8601Format()),
      "command": .array(arguments.map(JSONValue.string)),
    ]
    if let name = processorName { members["cpu"] = .string(name) }
    if let commit { members["commit"] = .string(commit) }
    return .object(members)
  }

  /// The processor's name, where the system tells it.
  static var processorName: String? {
    guard let data = FileManager.default.contents(atPath: "/proc/cpuinfo") else { return nil }
    let text = String(decoding: data, as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The commit of the sources around the program, where it lies in a checkout of holdfast.
  static var commit: String? {
    let files = FileManager.default
    var folder = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
    if let own = try? files.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      folder = URL(fileURLWithPath: own)
    }
    while folder.path.count > 1 {
      folder.deleteLastPathComponent()
      let hasSources = files.fileExists(atPath: folder.path + "/Sources/holdfast/Holdfast.swift")
      guard hasSources, files.fileExists(atPath: folder.path + "/.git") else { continue }
      return head(of: folder.path)
    }
    return nil
  }

  private static func head(of folder: String) -> String? {
    let git = Process()
    let output = Pipe()
    git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    git.arguments = ["git", "-C", folder, "rev-parse", "HEAD"]
    git.standardOutput = output
    git.standardError = FileHandle.nullDevice
    guard (try? git.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    git.waitUntilExit()
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return git.terminationStatus == 0 && text.count == 40 ? text : nil
  }
}
