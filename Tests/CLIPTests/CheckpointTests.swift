import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// Folders in the Hugging Face layout.
@Suite struct CheckpointTests {
  @Test func writingAndReadingKeepsEveryBit() throws {
    var model = try Checkpoint.read(tinyFolder)
    model.head = try ClassificationHead(
      weight: .random(3, 24, key: 1), bias: .random(3, key: 2), classes: ["a", "b c", "d"])
    try withTemporaryFolder { folder in
      try model.write(to: "\(folder)/new/place", metadata: ["method": "full"])
      let read = try Checkpoint.read("\(folder)/new/place")
      #expect(read.architecture == model.architecture)
      #expect(read.weights.layout == model.weights.layout)
      try expectSameBits(read.weights.buffer, model.weights.buffer)
      #expect(read.files == model.files)
      #expect(read.files.keys.contains("vocab.json") && read.files.keys.contains("merges.txt"))
      let head = try #require(read.head)
      #expect(head.classes == ["a", "b c", "d"])
      try expectSameBits(head.weight, try #require(model.head).weight)
      try expectSameBits(head.bias, try #require(model.head).bias)
      let file = try SafetensorsFile(path: "\(folder)/new/place/model.safetensors")
      #expect(file.metadata["method"] == "full" && file.metadata["format"] == "pt")
      #expect(try read.tokenizer().tokens(of: "an owl") == model.tokenizer().tokens(of: "an owl"))
    }
  }

  @Test func aFileOfWeightsStandsForItsFolder() throws {
    let model = try Checkpoint.read("\(tinyFolder)/model.safetensors")
    #expect(model.folder == tinyFolder)
    try expectSameBits(model.weights.buffer, Checkpoint.read(tinyFolder).weights.buffer)
  }

  @Test func aCheckpointWithoutHeadRemovesTheHeadOfAnEarlierOne() throws {
    var model = try Checkpoint.read(tinyFolder)
    try withTemporaryFolder { folder in
      model.head = try ClassificationHead(
        weight: .random(1, 24, key: 1), bias: .random(1, key: 2), classes: ["a"])
      try model.write(to: folder)
      model.head = nil
      try model.write(to: folder)
      #expect(try Checkpoint.read(folder).head == nil)
    }
  }

  @Test func everyMismatchIsInOneError() throws {
    try withTemporaryFolder { folder in
      try writeTiny(to: folder) { tensors in
        tensors.removeAll { $0.name == "logit_scale" || $0.name == "text_projection.weight" }
        tensors.append(("lora.extra", try Tensor.zeros([2])))
        let index = try #require(tensors.firstIndex { $0.name == "visual_projection.weight" })
        tensors[index].tensor = try tensors[index].tensor.transposed(0, 1).contiguous()
      }
      let error = expectProblem(
        .badData, containing: "model.safetensors", "missing", "logit_scale",
        "text_projection.weight", "unexpected lora.extra",
        "misshapen visual_projection.weight [32, 24] instead of [24, 32]"
      ) { try Checkpoint.read(folder) }
      #expect(error?.problem.contains("\n") == false)
    }
  }

  @Test func manyMismatchesAreCounted() throws {
    try withTemporaryFolder { folder in
      try writeTiny(to: folder) { _ in }
      let config = String(
        decoding: try Fixtures.data("towers/tiny-gelu/config.json"), as: UTF8.self)
      try AtomicFile.write(
        config.replacing(#""num_hidden_layers": 2"#, with: #""num_hidden_layers": 3"#),
        to: "\(folder)/config.json")
      expectProblem(.badData, containing: "missing", "and 26 more") {
        try Checkpoint.read(folder)
      }
    }
  }

  @Test func halfPrecisionIsReadAsSingle() throws {
    let exact = try Checkpoint.read(tinyFolder).weights
    for type in [DType.float16, .bfloat16, .float64] {
      try withTemporaryFolder { folder in
        try writeTiny(to: folder) { tensors in
          for index in tensors.indices {
            tensors[index].tensor = try tensors[index].tensor.to(type)
          }
        }
        let read = try Checkpoint.read(folder).weights
        for name in exact.names {
          try expectSameBits(read.tensor(name), exact.tensor(name).to(type).to(.float32))
        }
      }
    }
  }

  @Test func numbersOfPositionsAreIgnoredAndTheScaleMayBeAList() throws {
    try withTemporaryFolder { folder in
      try writeTiny(to: folder) { tensors in
        tensors.append(
          ("text_model.embeddings.position_ids", try Tensor.arange(16).reshaped(1, 16)))
        tensors.append(("vision_model.embeddings.position_ids", try Tensor.arange(17)))
        let index = try #require(tensors.firstIndex { $0.name == "logit_scale" })
        tensors[index].tensor = try tensors[index].tensor.reshaped(1)
      }
      let read = try Checkpoint.read(folder)
      #expect(try read.weights.tensor("logit_scale").shape == [])
      try expectSameBits(read.weights.buffer, Checkpoint.read(tinyFolder).weights.buffer)
    }
  }

  @Test func whatIsMissingOrDamagedIsNamed() throws {
    try withTemporaryFolder { folder in
      expectProblem(.missingInput, containing: "\(folder)/no: no such model") {
        try Checkpoint.read("\(folder)/no")
      }
      expectProblem(.missingInput, containing: "\(folder)/config.json") {
        try Checkpoint.read(folder)
      }
      try writeTiny(to: folder) { _ in }
      let path = "\(folder)/model.safetensors"
      let whole = try #require(FileManager.default.contents(atPath: path))
      try AtomicFile.write(whole.prefix(whole.count / 2), to: path)
      expectProblem(.badData, containing: path, "not a whole safetensors file") {
        try Checkpoint.read(folder)
      }
      try FileManager.default.removeItem(atPath: path)
      expectProblem(.missingInput, containing: path) { try Checkpoint.read(folder) }
      try writeTiny(to: folder) { _ in }
      try AtomicFile.write("{", to: "\(folder)/config.json")
      expectProblem(.badData, containing: "\(folder)/config.json", "JSON") {
        try Checkpoint.read(folder)
      }
    }
  }

  @Test func aHeadOfAnotherWidthIsAnError() throws {
    try withTemporaryFolder { folder in
      try writeTiny(to: folder) { _ in }
      try ClassificationHead(
        weight: .random(2, 25, key: 1), bias: .random(2, key: 2), classes: ["a", "b"]
      ).write("\(folder)/head.safetensors")
      expectProblem(.badData, containing: "head.safetensors", "25", "24") {
        try Checkpoint.read(folder)
      }
    }
  }

  @Test func thePreprocessorsFileMayBeMissingButNotDamaged() throws {
    var model = try Checkpoint.read(tinyFolder)
    #expect(try model.preprocessorConfiguration()["crop_size"]?["width"]?.int == 32)
    model.files["preprocessor_config.json"] = Data("nonsense".utf8)
    expectProblem(.badData, containing: "preprocessor_config.json") {
      try model.preprocessorConfiguration()
    }
    model.files["preprocessor_config.json"] = nil
    #expect(try model.preprocessorConfiguration() == .object([:]))
  }

  @Test func aPlaceThatCannotBeWrittenIsNamed() throws {
    let model = try Checkpoint.read(tinyFolder)
    try withTemporaryFolder { folder in
      try AtomicFile.write("a file", to: "\(folder)/file")
      expectProblem(.cannotWrite, containing: "\(folder)/file") {
        try model.write(to: "\(folder)/file/model")
      }
      #expect(FileManager.default.contents(atPath: "\(folder)/file") == Data("a file".utf8))
    }
  }
}
