import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

extension EndToEnd {
  /// `convert`: every layout into either, and what it refuses.
  @Suite struct ConvertTests {
    private static let checkpoints = Fixtures.path("checkpoints")

    private func json(_ arguments: String...) throws -> JSONValue {
      let outcome = try Program.run(["convert", "--format", "json", "--quiet"] + arguments)
      #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
      return try outcome.json()
    }

    @Test(arguments: ["openai/ViT.pt", "training/epoch_3.pt", "hf-sharded"])
    func thereAndBackIsTheSameModel(_ name: String) throws {
      let source = "\(Self.checkpoints)/\(name)"
      try withTemporaryFolder { folder in
        let there = try json(
          "--model", source, "--layout", "openclip", "--out", "\(folder)/openclip")
        #expect(there["round_trip"]?.bool == true && there["layout"] == .string("openclip"))
        let back = try json(
          "--model", "\(folder)/openclip", "--layout", "hf", "--out", "\(folder)/hf")
        #expect(back["tensors"] == there["tensors"] && back["activation"] == there["activation"])
        let (first, last) = (try Checkpoint.read(source), try Checkpoint.read("\(folder)/hf"))
        #expect(try last.differences(from: first) == [])
        // A second time over its own earlier result.
        _ = try json("--model", source, "--layout", "hf", "--out", "\(folder)/hf")
      }
    }

    @Test func tokenizerAndHeadAreTakenAlong() throws {
      try withTemporaryFolder { folder in
        let table = try succeed(
          "convert", "--model", Tiny.model, "--layout", "openclip", "--out", "\(folder)/new")
        #expect(table.output.contains("every bit same") && table.output.contains("quick_gelu"))
        let texts = "\(folder)/texts.txt"
        try AtomicFile.write("an owl\na photo of a leaf\n", to: texts)
        for model in [Tiny.model, "\(folder)/new"] {
          _ = try succeed(
            "embed", "--model", model, "--texts", texts, "--out",
            "\(model == Tiny.model ? folder + "/a" : folder + "/b")")
        }
        let (one, other) = (
          try SafetensorsFile(path: "\(folder)/a").tensor("texts").elements(as: Float.self),
          try SafetensorsFile(path: "\(folder)/b").tensor("texts").elements(as: Float.self)
        )
        #expect(one == other && one.count == 48)
      }
    }

    @Test func aSoupKeepsItsClassifier() throws {
      try withTemporaryFolder { folder in
        let answer = try json(
          "--model", "\(Self.checkpoints)/soup/model_0.pt", "--layout", "hf", "--out",
          "\(folder)/soup")
        #expect(answer["classes"]?.int == 3 && answer["notes"]?.array?.count == 1)
        try AtomicFile.write("one\ntwo\nthree\n", to: "\(folder)/names.txt")
        _ = try json(
          "--model", "\(Self.checkpoints)/soup", "--layout", "openclip", "--out",
          "\(folder)/named", "--classes", "\(folder)/names.txt")
        #expect(try Checkpoint.read("\(folder)/named").head?.classes == ["one", "two", "three"])
      }
    }

    @Test func imagesOfAnotherSize() throws {
      try withTemporaryFolder { folder in
        let answer = try json(
          "--model", Tiny.model, "--layout", "hf", "--image-size", "48", "--out", "\(folder)/48")
        #expect(answer["image_size"]?.int == 48)
        let image = Fixtures.path("images/base.png")
        _ = try succeed(
          "embed", "--model", "\(folder)/48", "--images", image, "--out", "\(folder)/f")
        try fail(
          .usage, containing: "49 pixels",
          arguments: [
            "convert", "--model", Tiny.model, "--layout", "hf", "--image-size", "49", "--out",
            "\(folder)/49",
          ])
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/49"))
      }
    }

    @Test func anActivationIsSaidNotGuessed() throws {
      try withTemporaryFolder { folder in
        let path = "\(folder)/bare.pt"
        try AtomicFile.write(
          Fixtures.data("checkpoints/training/epoch_3.pt"), to: path)
        try fail(
          .badData, containing: path, "nothing says which activation",
          "holdfast convert --model \(path) --activation quick-gelu",
          arguments: ["convert", "--model", path, "--layout", "hf", "--out", "\(folder)/new"])
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/new"))
        // Its heads are not 64 wide, which only its configuration can say.
        try fail(
          .badData, containing: "open_clip_config.json",
          arguments: [
            "convert", "--model", path, "--layout", "hf", "--activation", "gelu", "--out",
            "\(folder)/new",
          ])
        let model = "\(Self.checkpoints)/openai/ViT.pt"
        let answer = try json(
          "--model", model, "--layout", "hf", "--activation", "quick-gelu", "--out",
          "\(folder)/new")
        #expect(answer["activation"] == .string("quick_gelu"))
      }
    }

    @Test func hostileFilesWriteNothing() throws {
      try withTemporaryFolder { folder in
        var pickle = PickleBuilder()
        pickle.global("os", "system")
        pickle.text("touch \(folder)/owned")
        pickle.raw([0x85])
        pickle.raw("R.")
        var zip = ZipBuilder([.init("m/data.pkl", pickle.data)])
        let path = "\(folder)/hostile.pt"
        let arguments = ["convert", "--model", path, "--layout", "hf", "--out", "\(folder)/new"]
        try AtomicFile.write(zip.data, to: path)
        try fail(.badData, containing: path, "refuses os.system", arguments: arguments)
        zip.entries[0].checksum ^= 1
        try AtomicFile.write(zip.data, to: path)
        try fail(.badData, containing: path, "checksum", arguments: arguments)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files == ["hostile.pt"])
      }
    }

    @Test func foldersOfOthersAreLeftAlone() throws {
      try withTemporaryFolder { folder in
        try AtomicFile.write("mine", to: "\(folder)/photos/cat.txt")
        let start = ["convert", "--model", Tiny.model, "--layout"]
        try fail(
          .cannotWrite, containing: "\(folder)/photos", "holds 1 files, and no model",
          arguments: start + ["hf", "--out", "\(folder)/photos"])
        _ = try json("--model", Tiny.model, "--layout", "hf", "--out", "\(folder)/hf")
        try fail(
          .cannotWrite, containing: "a model in another layout",
          arguments: start + ["openclip", "--out", "\(folder)/hf"])
        try fail(
          .cannotWrite, containing: "the model lies there itself",
          arguments: [
            "convert", "--model", "\(folder)/hf/model.safetensors", "--layout", "hf", "--out",
            "\(folder)/hf/",
          ])
        try fail(
          .cannotWrite, containing: "\(folder)/photos/cat.txt",
          arguments: start + ["hf", "--out", "\(folder)/photos/cat.txt"])
      }
    }
  }
}
