import Basics
import Foundation

/// The lines that a worker and `Benchmarks/run.py` exchange over standard input and output.
struct Conversation {
  /// Thrown where the other side has closed its end: the work is done.
  struct Over: Error {}

  /// What one repetition gave.
  struct Answer {
    var seconds: Double
    /// How many steps, images or classes took that long.
    var count: Int
    /// What the reference must have computed too.
    var check: JSONValue

    init(_ duration: Duration, count: Int = 1, check: JSONValue = .null) {
      seconds = duration / .seconds(1)
      self.count = count
      self.check = check
    }
  }

  /// Says that all is prepared.
  func ready() { write(["ready": .bool(true)]) }

  /// Waits for the next line `go`.
  ///
  /// - Throws: `Over` at the end of input.
  func waitForGo() throws {
    while let line = readLine() {
      if line == "go" { return }
    }
    throw Over()
  }

  /// Tells what a repetition gave, and the largest amount of memory this process ever used.
  func answer(_ answer: Answer) {
    write([
      "seconds": .number(answer.seconds), "count": .integer(answer.count),
      "check": answer.check, "peak": .integer(Self.peakMemory ?? 0),
    ])
  }

  /// Holds the whole conversation of a part whose repetitions are calls.
  func serve(_ repetition: () throws -> Answer) throws {
    ready()
    while true {
      try waitForGo()
      try answer(repetition())
    }
  }

  private func write(_ members: [String: JSONValue]) {
    FileHandle.standardOutput.write(Data((JSONValue.object(members).text() + "\n").utf8))
  }

  /// `VmHWM` of this process in bytes, where the system tells it.
  static var peakMemory: Int? {
    guard let data = FileManager.default.contents(atPath: "/proc/self/status") else { return nil }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("VmHWM:") }) else { return nil }
    return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
      .map { $0 << 10 }
  }
}

extension JSONValue {
  /// A list of numbers as measured.
  static func numbers<Number: BinaryFloatingPoint>(_ values: [Number]) -> JSONValue {
    .array(values.map { .number(Double($0)) })
  }
}
