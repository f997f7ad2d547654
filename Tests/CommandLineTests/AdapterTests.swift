import Basics
import Foundation
import TestSupport
import Testing
import Torch

extension EndToEnd {
  /// LoRA adapters as models, and `merge --adapter`.
  @Suite struct AdapterTests {
    private static let adapter = Fixtures.path("adapters/transformers")

    /// The features that a model gives the test images and two texts.
    private func features(of model: String, in folder: String) throws -> [Float] {
      try AtomicFile.write("an owl\na maple leaf\n", to: "\(folder)/texts.txt")
      _ = try succeed(
        "embed", "--model", model, "--images", "\(Tiny.images)/test", "--texts",
        "\(folder)/texts.txt", "--out", "\(folder)/f.safetensors")
      let file = try SafetensorsFile(path: "\(folder)/f.safetensors")
      return try ["images", "texts"].flatMap {
        try file.tensor($0).elements(as: Float.self)
      }
    }

    @Test func anAdapterIsTheModelThatItIsMergedTo() throws {
      try withTemporaryFolder { folder in
        let expected = try features(of: Self.adapter, in: folder)
        #expect(try features(of: Tiny.model, in: folder) != expected)
        for arguments in [
          ["--from", Tiny.model, "--adapter", Self.adapter], ["--from", Self.adapter],
        ] {
          let out = "\(folder)/merged\(arguments.count)"
          let outcome = try Program.run(["merge", "--out", out, "--quiet"] + arguments)
          #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
          #expect(try features(of: out, in: folder) == expected)
          let metadata = try SafetensorsFile(path: "\(out)/model.safetensors").metadata
          #expect(metadata["method"] == "lora" && metadata["adapter"] == Self.adapter)
        }
      }
    }

    @Test func aTrainedAdapterScoresAsItsCheckpoint() throws {
      try withTemporaryFolder { folder in
        // A relative path to the model, which must still be found from the adapter's folder.
        try FileManager.default.copyItem(atPath: Tiny.model, toPath: "\(folder)/base")
        let outcome = try Program.run(
          [
            "train", "--model", "base", "--data", Tiny.images, "--method", "lora", "--prompts",
            Tiny.prompts, "--steps", "4", "--out", "run", "--quiet",
          ], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let merged = "\(folder)/run/checkpoints/lora-seed0"
        let evaluated = try succeed(
          "evaluate", "--model", merged, "\(merged)/adapter", "--data", Tiny.images, "--format",
          "json")
        let values = try #require(try evaluated.json().array).compactMap { $0["value"]?.double }
        #expect(values.count == 2 && values.first == values.last)
        #expect(
          try features(of: merged, in: folder) == features(of: "\(merged)/adapter", in: folder))
      }
    }

    @Test(arguments: [
      (["--from", Tiny.model, "--to", Tiny.model, "--alpha", "0.5"], "--adapter belongs to"),
      (["--soup", "uniform", "--model", Tiny.model, Tiny.model], "--adapter belongs to"),
      (["--alpha", "1"], "--adapter belongs to"),
    ]) func anAdapterBelongsToOneModel(_ arguments: [String], _ problem: String) throws {
      try fail(
        .usage, containing: problem,
        arguments: ["merge", "--adapter", Self.adapter, "--out", "/nowhere"] + arguments)
    }

    @Test func whatIsNotThereIsSaid() throws {
      let merge = ["merge", "--out", "/nowhere", "--from", Tiny.model, "--adapter"]
      try fail(
        .missingInput, containing: "adapter_config.json", arguments: merge + [Tiny.images])
      try withTemporaryFolder { folder in
        let source = "adapters/separate/adapter_config.json"
        var members = try JSONValue.parse(Fixtures.data(source), source: source).object ?? [:]
        members["base_model_name_or_path"] = .string("openai/clip-vit-base-patch32")
        try AtomicFile.write(
          JSONValue.object(members).text(), to: "\(folder)/adapter_config.json")
        try fail(
          .missingInput, containing: "openai/clip-vit-base-patch32", "merge --from BASE --adapter",
          arguments: ["evaluate", "--model", folder, "--data", Tiny.images])
      }
    }
  }
}
