import Basics
import Foundation
import TestSupport
import Testing
import Torch

/// Files that are damaged or made to do harm: each is an error of the data, never a crash.
@Suite struct HostileSafetensorsTests {
  private func file(_ header: String, data: Int = 0) -> Data {
    let text = Data(header.utf8)
    return length(UInt64(text.count)) + text + Data(repeating: 1, count: data)
  }

  private func length(_ count: UInt64) -> Data {
    withUnsafeBytes(of: count.littleEndian) { Data($0) }
  }

  private func expectDamage(
    _ data: Data, _ words: String = "not a whole", sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/hostile.safetensors"
      try data.write(to: URL(fileURLWithPath: path))
      expectProblem(.badData, containing: path, words, sourceLocation: sourceLocation) {
        try SafetensorsFile(path: path)
      }
    }
  }

  /// A whole file with two tensors, 12 bytes of data, and metadata.
  private func wholeFile() throws -> Data {
    try withTemporaryFolder { folder in
      let path = folder + "/whole.safetensors"
      try SafetensorsFile.write(
        [
          ("a", Tensor([Float(1), 2])), ("b.weight", Tensor([UInt8(1), 2, 3, 4], shape: [2, 2])),
        ],
        metadata: ["note": "{\"x\": 1}"], to: path)
      return try Data(contentsOf: URL(fileURLWithPath: path))
    }
  }

  @Test func everyTruncationIsFound() throws {
    let whole = try wholeFile()
    for count in 0..<whole.count { try expectDamage(whole.prefix(count)) }
  }

  @Test func bytesPastTheEndAreFound() throws {
    try expectDamage(wholeFile() + Data([0]), "1 bytes follow the last tensor")
  }

  @Test(arguments: [9, 1 << 20, 100_000_001, UInt64(Int64.max), UInt64(Int64.max) + 1, .max])
  func aHugeHeaderLengthIsRefused(count: UInt64) throws {
    try expectDamage(length(count) + Data("{}      ".utf8), "claims \(count) bytes")
  }

  @Test(
    arguments: [
      "", "{", "[]", "null", "7", "\"text\"", "{\"a\":}", "{}}", "{} {}", " {}", "{\"a\" 1}",
      "{'a':1}", "\u{FEFF}{}", "{}\0",
    ])
  func aHeaderThatIsNoObjectIsRefused(header: String) throws {
    try expectDamage(file(header), "header")
  }

  @Test func deeplyNestedAndInvalidTextIsRefused() throws {
    for depth in [600, 200_000] {
      let nested =
        "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      try expectDamage(file(nested + "}"))
    }
    try expectDamage(length(4) + Data([0x7B, 0x22, 0xFF, 0x7D]), "header")
  }

  /// Each is one tensor `a` of a file with 8 bytes of data.
  @Test(
    arguments: [
      ("7", "no type"), ("{}", "no type"), (#"{"dtype":1}"#, "no type"),
      (#"{"dtype":"F99","shape":[2],"data_offsets":[0,8]}"#, "the type F99"),
      (#"{"dtype":"F32"}"#, "impossible"),
      (#"{"dtype":"F32","shape":[2]}"#, "impossible"),
      (#"{"dtype":"F32","data_offsets":[0,8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":2,"data_offsets":[0,8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[true,2],"data_offsets":[0,8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[2],"data_offsets":[8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[2],"data_offsets":["x",0,8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[2],"data_offsets":[0,9]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}"#, "impossible"),
      (
        #"{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775807]}"#,
        "impossible"
      ),
      (
        #"{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}"#,
        "impossible"
      ),
      (#"{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}"#, "impossible"),
      (#"{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}"#, "impossible"),
      (#"{"dtype":"F64","shape":[2],"data_offsets":[0,8]}"#, "has 8 bytes, its shape needs 16"),
      (#"{"dtype":"F32","shape":[],"data_offsets":[0,8]}"#, "needs 4"),
      (#"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#, "4 bytes follow"),
      (#"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#, "gap"),
      (#"{"dtype":"F32","shape":[2],"data_offsets":[0,8],"shape":[2]}"#, "twice"),
    ])
  func aFalseClaimAboutATensorIsFound(claim: String, words: String) throws {
    try expectDamage(file("{\"a\":\(claim)}", data: 8), words)
  }

  private func entry(_ first: Int, _ end: Int) -> String {
    #"{"dtype":"U8","shape":[\#(end - first)],"data_offsets":[\#(first),\#(end)]}"#
  }

  @Test func overlapsGapsAndTwinsAreFound() throws {
    try expectDamage(file("{\"a\":\(entry(0, 5)),\"b\":\(entry(4, 8))}", data: 8), "overlaps")
    try expectDamage(file("{\"a\":\(entry(0, 3)),\"b\":\(entry(4, 8))}", data: 8), "gap")
    try expectDamage(file("{\"a\":\(entry(0, 8)),\"b\":\(entry(0, 8))}", data: 8), "overlaps")
    try expectDamage(file("{\"a\":\(entry(0, 8)),\"b\":\(entry(4, 4))}", data: 8), "overlaps")
    try expectDamage(file("{\"a\":\(entry(0, 8)),\"a\":\(entry(0, 8))}", data: 8), "twice")
    try expectDamage(file("{\"a\":\(entry(0, 4)),\"\\u0061\":\(entry(4, 8))}", data: 8), "twice")
    try expectDamage(file("{}", data: 3), "3 bytes follow")
  }

  /// Colons and quotation marks inside strings are not taken for members.
  @Test func punctuationInNamesIsNoDamage() throws {
    let name = #"a:\":\\"#
    try withTemporaryFolder { folder in
      let path = folder + "/names.safetensors"
      let header = "{\"\(name)\":\(entry(0, 8)),\"__metadata__\":{\"x:y\":\"\\\":\"}}"
      try file(header, data: 8).write(to: URL(fileURLWithPath: path))
      let opened = try SafetensorsFile(path: path)
      #expect(opened.names == [#"a:":\"#])
      #expect(opened.metadata == ["x:y": "\":"])
    }
  }

  /// No elements, but sizes whose product overflows.
  @Test func anEmptyTensorOfVastSizesDoesNotCrash() throws {
    for shape in ["0,9223372036854775807,9223372036854775807", "9223372036854775807,0"] {
      let data = file("{\"a\":{\"dtype\":\"U8\",\"shape\":[\(shape)],\"data_offsets\":[0,0]}}")
      try expectNoCrash(data)
    }
  }

  /// Random damage to the header: opened or refused, but never a crash.
  @Test func randomDamageDoesNotCrash() throws {
    let whole = try wholeFile()
    var random = CounterRandom(5)
    for _ in 0..<400 {
      var data = whole
      for _ in 0...random.below(4) {
        data[random.below(whole.count)] = UInt8(truncatingIfNeeded: random.next())
      }
      try expectNoCrash(data)
    }
  }

  private func expectNoCrash(_ data: Data) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/hostile.safetensors"
      try data.write(to: URL(fileURLWithPath: path))
      do {
        let file = try SafetensorsFile(path: path)
        for name in file.names { #expect(try file.tensor(name).count <= data.count) }
        #expect(try file.weights().names == file.names)
      } catch let error as HoldfastError {
        #expect(error.kind == .badData, "\(error)")
      }
    }
  }
}
