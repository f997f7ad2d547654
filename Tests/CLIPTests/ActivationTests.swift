import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// The activation travels with the weights, and a file that does not say which it is is refused:
/// a model with the wrong one works, but worse, and nobody notices.
@Suite struct ActivationTests {
  /// The wide model's tensors in a file of their own.
  private func withBareFile(
    metadata: [String: String] = [:], prefix: String = "", _ body: (String) throws -> Void
  ) throws {
    let file = try TorchFile(path: Fixtures.path("checkpoints/openai/ViT.pt"))
    let sizes = ["input_resolution", "context_length", "vocab_size"]
    let tensors = try file.names.filter { !sizes.contains($0) }
      .map { (prefix + $0, try file.tensor($0)) }
    try withTemporaryFolder { folder in
      try SafetensorsFile.write(tensors, metadata: metadata, to: "\(folder)/bare.safetensors")
      try body("\(folder)/bare.safetensors")
    }
  }

  @Test func aFileThatDoesNotSayIsRefused() throws {
    try withBareFile { path in
      let error = expectProblem(.badData, containing: path, "nothing says which activation") {
        try Checkpoint.read(path)
      }
      #expect(error?.remedy.contains("convert --model \(path) --activation quick-gelu") == true)
      #expect(error?.remedy.contains("open_clip_config.json") == true)
    }
  }

  @Test(arguments: [Activation.quickGELU, .gelu], ["", "module.", "module._orig_mod."])
  func theUserMaySayIt(_ activation: Activation, _ prefix: String) throws {
    try withBareFile(prefix: prefix) { path in
      let model = try Checkpoint.read(path, activation: activation)
      #expect(model.architecture.text.activation == activation)
      guard case .transformer(let vision, let patchSize) = model.architecture.vision else {
        Issue.record("not a transformer")
        return
      }
      #expect(vision.activation == activation && vision.heads == 1 && patchSize == 4)
    }
  }

  @Test func theFileMaySayIt() throws {
    try withBareFile(metadata: ["activation": "gelu"]) { path in
      let model = try Checkpoint.read(path)
      #expect(model.architecture.text.activation == .gelu)
      expectProblem(.badData, containing: "the activation is gelu, but quick_gelu according to you")
      { try Checkpoint.read(path, activation: .quickGELU) }
    }
    try withBareFile(metadata: ["activation": "swish"]) { path in
      expectProblem(.badData, containing: path, "swish") { try Checkpoint.read(path) }
    }
  }

  @Test(arguments: CheckpointLayout.allCases)
  func whatIsWrittenSaysItWithoutItsFolder(_ layout: CheckpointLayout) throws {
    let model = try Checkpoint.read(tinyFolder)
    try withTemporaryFolder { folder in
      try model.write(to: "\(folder)/whole", layout: layout)
      let name = layout == .huggingFace ? "model.safetensors" : "open_clip_model.safetensors"
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/whole/\(name)"))
      try AtomicFile.write(data, to: "\(folder)/alone.safetensors")
      let read = try Checkpoint.read("\(folder)/alone.safetensors")
      #expect(try read.differences(from: model) == [])
      #expect(read.architecture == model.architecture)
      let file = try SafetensorsFile(path: "\(folder)/alone.safetensors")
      #expect(file.metadata["activation"] == "quick_gelu")
    }
  }

  @Test(arguments: CheckpointLayout.allCases)
  func aConfigurationThatContradictsTheWeightsIsFound(_ layout: CheckpointLayout) throws {
    let model = try Checkpoint.read(tinyFolder)
    try withTemporaryFolder { folder in
      try model.write(to: folder, layout: layout)
      let path = "\(folder)/\(layout.configurationFile)"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try AtomicFile.write(
        text.replacing("\"quick_gelu\" : true", with: "\"quick_gelu\" : false")
          .replacing("\"quick_gelu\"", with: "\"gelu\"")
          .replacing("\"gelu\" : false", with: "\"quick_gelu\" : false"), to: path)
      expectProblem(
        .badData, containing: path, "the activation is gelu, but quick_gelu according to the meta"
      ) { try Checkpoint.read(folder) }
    }
  }

  @Test func aStatementThatContradictsTheConfigurationIsFound() throws {
    #expect(try Checkpoint.read(tinyFolder, activation: .quickGELU).folder == tinyFolder)
    expectProblem(.badData, containing: "config.json", "according to you") {
      try Checkpoint.read(tinyFolder, activation: .gelu)
    }
  }

  @Test func otherArchivesOfTorchScriptAreNotTakenForOpenAIs() throws {
    // Without the three sizes that OpenAI's hold, an archive may be of any CLIP.
    try withTemporaryFolder { folder in
      let archive = try ZipArchive(path: Fixtures.path("checkpoints/openai/ViT.pt"))
      let entries = try archive.entries.map { entry in
        var content = Data(try archive.content(of: entry.name))
        if entry.name.hasSuffix("data.pkl"),
          let place = content.range(of: Data("input_resolution".utf8))
        {
          content.replaceSubrange(place, with: Data("other_resolution".utf8))
        }
        return ZipBuilder.Entry(entry.name, content)
      }
      try AtomicFile.write(ZipBuilder(entries).data, to: "\(folder)/traced.pt")
      expectProblem(.badData, containing: "nothing says which activation") {
        try Checkpoint.read("\(folder)/traced.pt")
      }
    }
  }
}
