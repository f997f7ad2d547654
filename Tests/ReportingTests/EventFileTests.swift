import Basics
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct EventFileTests {
  private static let vectors: [([UInt8], UInt32)] = [
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    ([UInt8](0..<32), 0x46DD_794E),
    ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
    ([UInt8]("123456789".utf8), 0xE306_9283),
    ([], 0),
  ]

  /// From RFC 3720, appendix B.4, and the common check value of the algorithm.
  @Test(arguments: vectors)
  func checksums(bytes: [UInt8], expected: UInt32) {
    #expect(CRC32C.checksum(bytes) == expected)
  }

  @Test func scalarsComeBack() throws {
    try withTemporaryFolder { folder in
      let writer = try EventFileWriter(folder: folder + "/tensorboard", wallTime: 1_700_000_000)
      try writer.add("train/loss", 0.5, step: 1, wallTime: 1_700_000_001.5)
      try writer.add("Genauigkeit/größer", .nan, step: 300, wallTime: 1_700_000_002)
      try writer.flush()
      #expect(writer.path.contains("/tensorboard/events.out.tfevents.1700000000."))
      let events = try events(in: writer.path)
      #expect(events.count == 3)
      #expect(events[0].version == "brain.Event:2")
      #expect(events[0].wallTime == 1_700_000_000)
      #expect(events[1].tag == "train/loss")
      #expect(events[1].value == 0.5)
      #expect(events[1].step == 1)
      #expect(events[1].wallTime == 1_700_000_001.5)
      #expect(events[2].tag == "Genauigkeit/größer")
      #expect(events[2].value?.isNaN == true)
      #expect(events[2].step == 300)
    }
  }

  @Test func oneScalarByteForByte() throws {
    try withTemporaryFolder { folder in
      let writer = try EventFileWriter(folder: folder, wallTime: 1)
      let start = try Data(contentsOf: URL(fileURLWithPath: writer.path)).count
      try writer.add("a", 1, step: 300, wallTime: 2)
      try writer.flush()
      let record = try Data(contentsOf: URL(fileURLWithPath: writer.path)).dropFirst(start)
      // wall_time 2.0; step 300; summary { value { tag "a", simple_value 1.0 } }
      let payload: [UInt8] = [
        0x09, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x10, 0xAC, 0x02,
        0x2A, 0x0A, 0x0A, 0x08, 0x0A, 0x01, 0x61, 0x15, 0, 0, 0x80, 0x3F,
      ]
      #expect(Array(record.dropFirst(12).dropLast(4)) == payload)
      #expect(Array(record.prefix(8)) == [24, 0, 0, 0, 0, 0, 0, 0])
    }
  }

  @Test func whatWaitsIsWrittenAtTheEndAndFilesNeverCollide() throws {
    try withTemporaryFolder { folder in
      var writer: EventFileWriter? = try EventFileWriter(folder: folder, wallTime: 5)
      let path = try #require(writer?.path)
      let other = try EventFileWriter(folder: folder, wallTime: 5)
      #expect(other.path != path)
      try writer?.add("x", 1, step: 0)
      #expect(try events(in: path).count == 1)
      writer = nil
      #expect(try events(in: path).count == 2)
      #expect(try events(in: other.path).count == 1)
    }
  }

  @Test func manyScalarsAreWrittenWithoutAFlush() throws {
    try withTemporaryFolder { folder in
      let writer = try EventFileWriter(folder: folder)
      for step in 0..<3000 { try writer.add("train/loss", Double(step), step: step) }
      #expect(try events(in: writer.path).count > 1000)
    }
  }

  @Test func aFolderThatCannotBeMadeIsSaid() {
    expectProblem(.cannotWrite, containing: "/dev/null") {
      try EventFileWriter(folder: "/dev/null/events")
    }
  }

  private struct Event {
    var wallTime: Double?
    var step: UInt64 = 0
    var version: String?
    var tag: String?
    var value: Float?
  }

  /// Decodes a file with a reader that shares no code with the writer but the checksum.
  private func events(in path: String) throws -> [Event] {
    var data = try Data(contentsOf: URL(fileURLWithPath: path))[...]
    var events: [Event] = []
    while !data.isEmpty {
      let header = data.prefix(8)
      let length = Int(header.littleEndian)
      #expect(CRC32C.masked(header) == UInt32(data.dropFirst(8).prefix(4).littleEndian))
      let payload = data.dropFirst(12).prefix(length)
      try #require(payload.count == length)
      let sum = data.dropFirst(12 + length).prefix(4).littleEndian
      #expect(CRC32C.masked(payload) == UInt32(sum))
      data = data.dropFirst(16 + length)
      var event = Event()
      for (number, content) in try fields(payload) {
        switch number {
        case 1: event.wallTime = Double(bitPattern: content.littleEndian)
        case 2: event.step = content.littleEndian
        case 3: event.version = String(decoding: content, as: UTF8.self)
        case 5:
          let entries = try fields(content)
          let entry = try #require(entries.first { $0.0 == 1 }).1
          for (inner, bytes) in try fields(entry) {
            if inner == 1 { event.tag = String(decoding: bytes, as: UTF8.self) }
            if inner == 2 { event.value = Float(bitPattern: UInt32(bytes.littleEndian)) }
          }
        default: Issue.record("unexpected field \(number)")
        }
      }
      events.append(event)
    }
    return events
  }

  /// The fields of a protobuf message; a varint comes as its eight little-endian bytes.
  private func fields(_ message: Data) throws -> [(UInt64, Data)] {
    var rest = message[...]
    var result: [(UInt64, Data)] = []
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while true {
        let next = rest.popFirst()
        let byte = try #require(next)
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
    }
    while !rest.isEmpty {
      let key = try varint()
      var size = 0
      switch key & 7 {
      case 0:
        let value = try varint()
        result.append((key >> 3, withUnsafeBytes(of: value.littleEndian) { Data($0) }))
        continue
      case 1: size = 8
      case 5: size = 4
      default: size = Int(try varint())
      }
      try #require(rest.count >= size)
      result.append((key >> 3, Data(rest.prefix(size))))
      rest = rest.dropFirst(size)
    }
    return result
  }
}

extension Data {
  /// The bytes as an unsigned number, the lowest first.
  fileprivate var littleEndian: UInt64 {
    reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
