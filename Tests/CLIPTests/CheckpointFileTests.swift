import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// Which files of a folder are read, and what is said of those that do not fit.
@Suite struct CheckpointFileTests {
  /// Writes the small model of open_clip with changes to its tensors.
  private func writeSmall(
    to folder: String, weights: String = "open_clip_model.safetensors",
    _ change: (inout [(name: String, tensor: Tensor)]) throws -> Void = { _ in }
  ) throws {
    try AtomicFile.write(
      Fixtures.data("checkpoints/openclip/open_clip_config.json"),
      to: "\(folder)/open_clip_config.json")
    let file = try SafetensorsFile(
      path: Fixtures.path("checkpoints/openclip/open_clip_model.safetensors"))
    var tensors: [(name: String, tensor: Tensor)] = []
    for name in file.names { tensors.append((name, try file.tensor(name))) }
    try change(&tensors)
    try SafetensorsFile.write(tensors, to: "\(folder)/\(weights)")
  }

  @Test func everyMismatchIsInOneErrorInTheFilesOwnNames() throws {
    try withTemporaryFolder { folder in
      try writeSmall(to: folder) { tensors in
        tensors.removeAll { $0.name == "visual.proj" || $0.name.hasSuffix("in_proj_bias") }
        tensors.append(("logit_bias", try Tensor.zeros([])))
        let index = try #require(tensors.firstIndex { $0.name == "text_projection" })
        tensors[index].tensor = try tensors[index].tensor.transposed(0, 1).contiguous()
        tensors = tensors.map { ("module.\($0.name)", $0.tensor) }
      }
      expectProblem(
        .badData, containing: "open_clip_model.safetensors: the tensors do not fit",
        "open_clip_config.json: missing module.visual.transformer.resblocks.0.attn.in_proj_bias",
        "module.transformer.resblocks.0.attn.in_proj_bias", "module.visual.proj",
        "unexpected module.logit_bias",
        "misshapen module.text_projection [12, 16] instead of [16, 12]"
      ) { try Checkpoint.read(folder) }
    }
  }

  @Test func missingTextsHaveTheNamesOfCustomTextCLIP() throws {
    try withTemporaryFolder { folder in
      try writeSmall(to: folder) { tensors in
        tensors = tensors.filter { $0.name != "ln_final.bias" }.map { name, tensor in
          (name.hasPrefix("visual.") || name == "logit_scale" ? name : "text.\(name)", tensor)
        }
      }
      expectProblem(.badData, containing: "missing text.ln_final.bias") {
        try Checkpoint.read(folder)
      }
    }
  }

  @Test func whatIsNotLearnedIsLeftOut() throws {
    try withTemporaryFolder { folder in
      try writeSmall(to: folder) { tensors in
        tensors += [
          ("attn_mask", try Tensor.zeros([8, 8])),
          ("visual.bn1.num_batches_tracked", try .arange(1)),
          ("input_resolution", try Tensor.arange(1)), ("vocab_size", try Tensor.arange(1)),
        ]
      }
      let model = try Checkpoint.read(folder)
      #expect(try model.differences(from: .read(Fixtures.path("checkpoints/openclip"))) == [])
    }
  }

  @Test func wholeNumbersAreNoWeights() throws {
    try withTemporaryFolder { folder in
      try writeSmall(to: folder) { tensors in
        let index = try #require(tensors.firstIndex { $0.name == "visual.conv1.weight" })
        tensors[index].tensor = try tensors[index].tensor.to(.int32)
      }
      expectProblem(.badData, containing: "visual.conv1.weight is int32") {
        try Checkpoint.read(folder)
      }
    }
  }

  @Test func tensorsOfOtherModelsAreNamed() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/resnet.safetensors"
      try SafetensorsFile.write([("layer1.0.conv1.weight", Tensor([Float(1)]))], to: path)
      expectProblem(.badData, containing: path, "not the tensors of a CLIP", "layer1.0.conv1") {
        try Checkpoint.read(path, activation: .gelu)
      }
      try SafetensorsFile.write([("visual.x", Tensor([Float(1)]))], to: path)
      expectProblem(.badData, containing: path, "visual.proj") {
        try Checkpoint.read(path, activation: .gelu)
      }
      try SafetensorsFile.write([], to: path)
      expectProblem(.badData, containing: path) { try Checkpoint.read(path, activation: .gelu) }
    }
  }

  @Test(arguments: [
    "open_clip_pytorch_model.safetensors", "model.safetensors", "any-name.safetensors",
  ])
  func openCLIPsNamesOfFilesAreKnown(_ name: String) throws {
    try withTemporaryFolder { folder in
      try writeSmall(to: folder, weights: name)
      #expect(try Checkpoint.read(folder).architecture.imageSize == 12)
    }
  }

  @Test func ofTwoFilesOpenCLIPsOrderDecides() throws {
    try withTemporaryFolder { folder in
      try writeSmall(to: folder)
      try AtomicFile.write("damaged", to: "\(folder)/open_clip_pytorch_model.bin")
      try AtomicFile.write("damaged", to: "\(folder)/model.safetensors")
      #expect(try Checkpoint.read(folder).architecture.imageSize == 12)
    }
  }

  @Test func severalUnknownFilesAreListed() throws {
    try withTemporaryFolder { folder in
      try writeSmall(to: folder, weights: "a.safetensors")
      try writeSmall(to: folder, weights: "b.safetensors")
      expectProblem(.missingInput, containing: "there are a.safetensors, b.safetensors") {
        try Checkpoint.read(folder)
      }
      #expect(try Checkpoint.read("\(folder)/b.safetensors").architecture.imageSize == 12)
    }
  }

  @Test func ofAFolderInBothLayoutsEitherCanBeRead() throws {
    // As LAION publishes: here two different models, to see which one is read.
    try withTemporaryFolder { folder in
      try writeTiny(to: folder) { _ in }
      try writeSmall(to: folder)
      #expect(try Checkpoint.read(folder).architecture.imageSize == 32)
      let other = try Checkpoint.read("\(folder)/open_clip_model.safetensors")
      #expect(other.architecture.imageSize == 12)
      #expect(try other.preprocessorConfiguration()["image_std"]?.array?.last?.double == 0.75)
      try AtomicFile.write(#"{"model_type": "siglip"}"#, to: "\(folder)/config.json")
      #expect(try Checkpoint.read(folder).architecture.imageSize == 12)
    }
  }

  @Test func anotherFileThanWeightsIsNamed() throws {
    expectProblem(.usage, containing: "config.json: not a file of weights") {
      try Checkpoint.read("\(tinyFolder)/config.json")
    }
    expectProblem(.badData, containing: "merges.txt", "not a file of torch.save") {
      try Checkpoint.read("\(tinyFolder)/merges.txt")
    }
  }

  @Test func theFilesBesideABareFileAreNotItsOwn() throws {
    // A head and prompts beside a download belong to whoever put them there.
    try withTemporaryFolder { folder in
      try AtomicFile.write(
        Fixtures.data("checkpoints/openai/ViT.pt"), to: "\(folder)/ViT.pt")
      try AtomicFile.write("nonsense", to: "\(folder)/head.safetensors")
      try AtomicFile.write("nonsense", to: "\(folder)/preprocessor_config.json")
      try AtomicFile.write("{}", to: "\(folder)/vocab.json")
      let model = try Checkpoint.read("\(folder)/ViT.pt")
      #expect(model.head == nil && model.files["vocab.json"] == Data("{}".utf8))
      #expect(try model.preprocessorConfiguration()["resample"]?.int == 3)
    }
  }
}
