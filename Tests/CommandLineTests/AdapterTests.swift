import Basics
import CLIP
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

    @Test func everyVerbTakesAnAdapterOnTopOfItsModel() throws {
      try withTemporaryFolder { folder in
        let image = "\(Tiny.images)/test/owl"
        let (apart, whole) = (
          ["--model", Tiny.model, "--adapter", Self.adapter], ["--model", Self.adapter]
        )
        for arguments in [
          ["evaluate", "--data", Tiny.images, "--prompts", Tiny.prompts, "--format", "json"],
          ["predict", "--classes", "\(folder)/classes.txt", "--logits", "--format", "csv", image],
        ] {
          try AtomicFile.write(Tiny.classes.joined(separator: "\n"), to: "\(folder)/classes.txt")
          let (one, other) = try (
            Program.run(arguments + apart + ["--quiet"]),
            Program.run(arguments + whole + ["--quiet"])
          )
          #expect(one.status == 0 && other.status == 0, "\(one.errors)\(other.errors)")
          let names = [Tiny.model, Self.adapter].flatMap {
            [$0, ($0 as NSString).lastPathComponent]
          }
          func plain(_ text: String) -> String {
            names.reduce(text) { $0.replacingOccurrences(of: "\"\($1)\"", with: "") }
          }
          #expect(plain(one.output) == plain(other.output) && one.output != "")
        }
        _ = try succeed(
          "embed", "--model", Tiny.model, "--adapter", Self.adapter, "--images", image, "--out",
          "\(folder)/a")
        _ = try succeed(
          "embed", "--model", Self.adapter, "--images", image, "--out", "\(folder)/b")
        let files = try ["a", "b"].map { try SafetensorsFile(path: "\(folder)/\($0)") }
        #expect(
          try files[0].tensor("images").elements(as: Float.self)
            == files[1].tensor("images").elements(as: Float.self))
        #expect(files[0].metadata["adapter"] == Self.adapter)
        try fail(
          .usage, containing: "an adapter for 2 models",
          arguments: [
            "evaluate", "--model", Tiny.model, Tiny.model, "--adapter", Self.adapter, "--data",
            Tiny.images,
          ])
      }
    }

    @Test func anAdapterIsConvertedUnmerged() throws {
      try withTemporaryFolder { folder in
        let original = Fixtures.path("adapters/open-clip")
        try FileManager.default.copyItem(atPath: original, toPath: "\(folder)/first")
        let head = try ClassificationHead(
          weight: .random(2, 24, key: 1), bias: .random(2, key: 2), classes: ["a", "b"],
          origin: "zero-shot")
        try head.write("\(folder)/first/head.safetensors")
        var source = "\(folder)/first"
        for (layout, names) in [("hf", "vision_model."), ("openclip", "visual.transformer.")] {
          let out = "\(folder)/\(layout)"
          let answer = try Program.run([
            "convert", "--model", Tiny.model, "--adapter", source, "--layout", layout, "--out", out,
            "--format", "json", "--quiet",
          ])
          #expect(answer.status == 0, "\(answer.errors)")
          let json = try answer.json()
          #expect(json["layout"] == .string(layout) && (json["modules"]?.int ?? 0) > 0)
          #expect(try #require(json["read_again_difference"]?.double) < 1e-6)
          let file = try SafetensorsFile(path: "\(out)/adapter_model.safetensors")
          #expect(file.names.contains { $0.hasPrefix("base_model.model.\(names)") })
          #expect(bytes("\(out)/head.safetensors") == bytes("\(source)/head.safetensors"))
          // It names its model, and gives the same features on top of it.
          let (ours, theirs) = try (
            features(of: out, in: folder), features(of: original, in: folder)
          )
          expectClose(ours, theirs, relative: 0, absolute: 2e-6)
          source = out
        }
        let convert = ["convert", "--model", Tiny.model, "--layout", "hf", "--adapter"]
        // The projections are bare parameters in open_clip, which no update can hang on.
        try fail(
          .usage, containing: "open_clip has no module for the update of",
          arguments: [
            "convert", "--model", Tiny.model, "--layout", "openclip", "--adapter", Self.adapter,
            "--out", "\(folder)/none",
          ])
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/none"))
        try fail(
          .cannotWrite, containing: "the model or the adapter lies there itself",
          arguments: convert + [source, "--out", source])
        try AtomicFile.write("mine", to: "\(folder)/photos/cat.txt")
        try fail(
          .cannotWrite, containing: "and no adapter",
          arguments: convert + [source, "--out", "\(folder)/photos"])
        try fail(
          .usage, containing: "--image-size",
          arguments: convert + [source, "--out", "\(folder)/x", "--image-size", "64"])
      }
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
