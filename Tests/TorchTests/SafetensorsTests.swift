import Basics
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct SafetensorsTests {
  private func bytes(_ tensor: Tensor) throws -> [UInt8] {
    try tensor.contiguous().withBytes { Array($0) }
  }

  /// The header of a file as it stands in its bytes.
  private func header(_ path: String) throws -> (length: Int, text: String) {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    return (length, String(decoding: data[8..<8 + length], as: UTF8.self))
  }

  @Test func tensorsOfEveryTypeComeBack() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/all.safetensors"
      let tensors = try DType.allCases.map { dtype in
        (name: "tensor.\(dtype)", tensor: try (Tensor.random(2, 3, key: 1) * 3).to(dtype))
      }
      try SafetensorsFile.write(tensors, to: path)
      let file = try SafetensorsFile(path: path)
      #expect(file.path == path)
      #expect(file.names == tensors.map(\.name))
      for (name, tensor) in tensors {
        let back = try file.tensor(name)
        #expect(back.dtype == tensor.dtype)
        #expect(back.shape == [2, 3])
        #expect(try bytes(back) == bytes(tensor), "\(name)")
        #expect(file[name]?.dtype == tensor.dtype)
        #expect(file[name]?.shape == [2, 3])
      }
      #expect(file["nothing"] == nil)
      expectProblem(.badData, containing: path, "nothing") { try file.tensor("nothing") }
    }
  }

  @Test func emptyScalarAndTransposedTensorsComeBack() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/odd.safetensors"
      let transposed = try Tensor.random(3, 2, key: 1).transposed()
      try SafetensorsFile.write(
        [
          ("empty", Tensor.zeros([0, 7])), ("scalar", Tensor([2.5], shape: [])),
          ("transposed", transposed), ("empty too", Tensor.zeros([3, 0], dtype: .uint8)),
        ], to: path)
      let file = try SafetensorsFile(path: path)
      #expect(try file.tensor("empty").shape == [0, 7])
      #expect(try file.tensor("empty too").shape == [3, 0])
      #expect(try file.tensor("scalar").shape.isEmpty)
      #expect(try file.tensor("scalar").item() == 2.5)
      #expect(try file.tensor("transposed").doubles == transposed.doubles)
    }
  }

  /// What stands on the file's memory is what a copy would be, also after others gave theirs back.
  @Test(arguments: [0, 1, 3]) func borrowedTensorsAreThoseOfTheFile(_ shift: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/large.safetensors"
      // Bytes before the others put these askew, where they have to be copied.
      var tensors = [(name: "askew", tensor: try Tensor.zeros([shift], dtype: .uint8))]
      for key in 1...3 { tensors.append(("large \(key)", try Tensor.random(300, 301, key: key))) }
      tensors.append(("small", try Tensor.random(2, key: 4)))
      try SafetensorsFile.write(tensors, to: path)
      var file: SafetensorsFile? = try SafetensorsFile(path: path)
      for _ in 0..<2 {
        for (name, tensor) in tensors {
          let borrowed = try file?.borrowed(name)
          #expect(borrowed?.shape == tensor.shape)
          #expect(try borrowed.map(bytes) == bytes(tensor), "\(name)")
        }
      }
      let kept = try file?.borrowed("large 2")
      expectProblem(.badData, containing: "nothing") { try file?.borrowed("nothing") }
      // A tensor outlives the file's value, and the file itself.
      file = nil
      try FileManager.default.removeItem(atPath: path)
      #expect(try kept.map(bytes) == bytes(tensors[2].tensor))
    }
  }

  @Test func aFileWithoutTensorsIsOne() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/none.safetensors"
      try SafetensorsFile.write([], to: path)
      #expect(try SafetensorsFile(path: path).entries.isEmpty)
      #expect(try SafetensorsFile(path: path).weights().buffer.count == 0)
    }
  }

  @Test func metadataComesBackWithTheFormatForPython() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file.safetensors"
      let own = ["recipe": "α = ½\n\"quoted\" {:}", "empty": ""]
      try SafetensorsFile.write([("a", Tensor.zeros([1]))], metadata: own, to: path)
      #expect(
        try SafetensorsFile(path: path).metadata == own.merging(["format": "pt"]) { $1 })
      try SafetensorsFile.write([], metadata: ["format": "mlx"], to: path)
      #expect(try SafetensorsFile(path: path).metadata == ["format": "mlx"])
    }
  }

  /// Names of growing length, so that every remainder of 8 occurs.
  @Test(arguments: 1...9)
  func theHeaderIsPaddedWithSpaces(length: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file.safetensors"
      let name = String(repeating: "é", count: length % 3) + String(repeating: "n", count: length)
      try SafetensorsFile.write([(name, Tensor([Float(7)]))], to: path)
      let header = try header(path)
      #expect(header.length % 8 == 0)
      #expect(header.text.hasPrefix("{"))
      let text = header.text.reversed().drop { $0 == " " }
      #expect(text.first == "}")
      #expect(header.text.count - text.count < 8)
      #expect(try SafetensorsFile(path: path).tensor(name).item() == 7)
      let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
      #expect(size == 8 + header.length + 4)
    }
  }

  @Test func weightsComeBackInTheirOrder() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/weights.safetensors"
      let layout = try WeightsLayout(groups: [[("z", [3])], [("q", [2, 2]), ("k", [2, 2])]])
      let weights = try Weights(
        layout: layout, buffer: Tensor(randomNumbers(layout.count, key: 1)))
      try SafetensorsFile.write(weights, metadata: ["epoch": "3"], to: path)
      let file = try SafetensorsFile(path: path)
      #expect(file.names == ["z", "q", "k"])
      let back = try file.weights()
      #expect(back.names == ["z", "q", "k"])
      for name in back.names {
        #expect(try bytes(back.tensor(name)) == bytes(weights.tensor(name)))
      }
      // Every tensor is a group of its own here: a file does not know groups.
      #expect(back.layout.entries.map(\.offset) == [0, 16, 32])
    }
  }

  @Test func trainedTensorsAreWrittenToo() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file.safetensors"
      let trained = try TrainableWeights(Weights([("a", Tensor([Float(1), 2]))]))
      try SafetensorsFile.write([("a", trained.tensor("a"))], to: path)
      #expect(try SafetensorsFile(path: path).tensor("a").doubles == [1, 2])
    }
  }

  @Test func twoTensorsOfOneNameAreNotWritten() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file.safetensors"
      let tensor = try Tensor.zeros([1])
      for name in ["twin", "__metadata__"] {
        expectProblem(.internalError, containing: name) {
          try SafetensorsFile.write([(name, tensor), ("twin", tensor)], to: path)
        }
      }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func aMissingFileIsSaid() throws {
    try withTemporaryFolder { folder in
      expectProblem(.missingInput, containing: "nowhere.safetensors") {
        try SafetensorsFile(path: folder + "/nowhere.safetensors")
      }
      expectProblem(.missingInput, containing: folder) { try SafetensorsFile(path: folder) }
    }
  }

  // MARK: - Failed writes

  /// Runs a write that must fail over an earlier file, and expects that file untouched.
  private func expectSurvival(
    words: String, spoil: (_ temporary: String) throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      try SafetensorsFile.write([("a", Tensor([Float(1)]))], to: path)
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      try spoil("\(path).part-\(getpid())")
      expectProblem(.cannotWrite, containing: path, words, sourceLocation: sourceLocation) {
        try SafetensorsFile.write([("b", Tensor.random(1000, key: 1))], to: path)
      }
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: path)) == before, sourceLocation: sourceLocation)
      #expect(
        try SafetensorsFile(path: path).tensor("a").item() == 1, sourceLocation: sourceLocation)
    }
  }

  /// The temporary file is a link to a device on which every write fails.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func anEarlierFileSurvivesAFullDisk() throws {
    try expectSurvival(words: "No space left") { temporary in
      try FileManager.default.createSymbolicLink(
        atPath: temporary, withDestinationPath: "/dev/full")
    }
  }

  @Test func anEarlierFileSurvivesAWriteThatCannotBegin() throws {
    try expectSurvival(words: "cannot create") { temporary in
      try FileManager.default.createDirectory(
        atPath: temporary, withIntermediateDirectories: false)
    }
  }

  /// Root may write anywhere, so that permissions are tested by others only.
  @Test(.enabled(if: getuid() != 0))
  func anEarlierFileSurvivesAFolderWithoutPermission() throws {
    try expectSurvival(words: "Permission denied") { temporary in
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o555],
        ofItemAtPath: (temporary as NSString).deletingLastPathComponent)
    }
  }

  @Test func aPathThatIsAFolderIsNotReplaced() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/model", withIntermediateDirectories: false)
      expectProblem(.cannotWrite, containing: "model") {
        try SafetensorsFile.write([("a", Tensor.zeros([1]))], to: folder + "/model")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model"])
    }
  }
}
