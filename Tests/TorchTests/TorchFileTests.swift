import Basics
import Foundation
import TestSupport
import Testing
import Torch

/// Files of `torch.save` and TorchScript (`Tests/Fixtures/make_checkpoints.py`).
@Suite struct TorchFileTests {
  @Test(arguments: ["2", "4", "5", "legacy"])
  func everyTypeAndViewComesBack(_ form: String) throws {
    let file = try TorchFile(path: Fixtures.path("checkpoints/tensors-\(form).pt"))
    let expected = try SafetensorsFile(path: Fixtures.path("checkpoints/tensors.safetensors"))
    #expect(Set(file.names) == Set(expected.names))
    #expect(file.names.prefix(2) == ["linear.weight", "linear.bias"] && !file.isScript)
    for name in expected.names {
      let (ours, theirs) = (try file.tensor(name), try expected.tensor(name))
      #expect(file.shape(of: name) == theirs.shape)
      #expect(ours.shape == theirs.shape && ours.dtype == theirs.dtype, "\(name)")
      let same = try ours.withBytes { (a) throws(HoldfastError) in
        try theirs.withBytes { (b) throws(HoldfastError) in a.elementsEqual(b) }
      }
      #expect(same, "\(name)")
    }
    #expect(
      file.metadata == [
        "epoch": "4", "note": "naïve", "rate": "0.5", "done": "true", "negative": "-3",
      ])
    #expect(file.shape(of: "none") == nil)
    expectProblem(.badData, containing: "no tensor none") { try file.tensor("none") }
  }

  @Test func aScriptArchiveGivesTheTensorsOfItsModules() throws {
    let file = try TorchFile(path: Fixtures.path("checkpoints/openai/ViT.pt"))
    #expect(file.isScript)
    #expect(file.shape(of: "visual.transformer.resblocks.0.attn.in_proj_weight") == [192, 64])
    #expect(file.shape(of: "logit_scale") == [])
    #expect(try file.tensor("visual.proj").dtype == .float16)
    #expect(try file.tensor("visual.ln_pre.weight").dtype == .float32)
    #expect(try file.tensor("input_resolution").item() == 8)
  }

  @Test func trainingCheckpointsGiveTheModelAlone() throws {
    let file = try TorchFile(path: Fixtures.path("checkpoints/training/epoch_3.pt"))
    #expect(file.names.allSatisfy { $0.hasPrefix("module.") } && file.names.count > 40)
    #expect(file.metadata == ["epoch": "3", "name": "tiny"])
  }

  @Test func whatIsNoFileOfTorchIsNamed() throws {
    try withTemporaryFolder { folder in
      expectProblem(.missingInput, containing: "\(folder)/no.pt") {
        try TorchFile(path: "\(folder)/no.pt")
      }
      for (content, words) in [
        ("", "first bytes are unknown"), ("hello", "first bytes are unknown"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1", "Git LFS"),
      ] {
        try AtomicFile.write(content, to: "\(folder)/file.pt")
        expectProblem(.badData, containing: "\(folder)/file.pt", words) {
          try TorchFile(path: "\(folder)/file.pt")
        }
      }
      let zip = ZipBuilder([.init("photos/cat.jpg", Data([1]))]).data
      try AtomicFile.write(zip, to: "\(folder)/file.pt")
      expectProblem(.badData, containing: "0 entries data.pkl") {
        try TorchFile(path: "\(folder)/file.pt")
      }
      let two = ZipBuilder([.init("a/data.pkl", Data()), .init("b/data.pkl", Data())]).data
      try AtomicFile.write(two, to: "\(folder)/file.pt")
      expectProblem(.badData, containing: "2 entries data.pkl") {
        try TorchFile(path: "\(folder)/file.pt")
      }
    }
  }

  @Test func anotherOrderOfBytesIsRefused() throws {
    try withTemporaryFolder { folder in
      let pickle = PickleBuilder.dictionary { $0.tensor(count: 1, shape: [1], strides: [1]) }
      let zip = ZipBuilder([
        .init("m/data.pkl", pickle), .init("m/byteorder", Data("big".utf8)),
        .init("m/data/0", Data(count: 4)),
      ])
      try AtomicFile.write(zip.data, to: "\(folder)/big.pt")
      expectProblem(.badData, containing: "little-endian") {
        try TorchFile(path: "\(folder)/big.pt")
      }
    }
  }

  @Test func everyTruncationOfAnOldFileIsFound() throws {
    let whole = try Fixtures.data("checkpoints/tensors-legacy.pt")
    try withTemporaryFolder { folder in
      let path = "\(folder)/old.pt"
      for count in stride(from: 0, to: whole.count, by: 7) {
        try whole.prefix(count).write(to: URL(fileURLWithPath: path))
        expectProblem(.badData, containing: path) { try TorchFile(path: path) }
      }
      try (whole + Data([0])).write(to: URL(fileURLWithPath: path))
      expectProblem(.badData, containing: "1 bytes follow the last storage") {
        try TorchFile(path: path)
      }
    }
  }

  @Test(arguments: ["tensors-2.pt", "tensors-legacy.pt"])
  func noDamageEndsTheProcess(_ name: String) throws {
    let whole = try Fixtures.data("checkpoints/\(name)")
    var random = CounterRandom(11)
    try withTemporaryFolder { folder in
      let path = "\(folder)/damaged.pt"
      for _ in 0..<300 {
        var damaged = whole
        for _ in 0...random.below(3) {
          damaged[random.below(whole.count)] = UInt8(random.below(256))
        }
        try damaged.write(to: URL(fileURLWithPath: path))
        do throws(HoldfastError) {
          let file = try TorchFile(path: path)
          for name in file.names { _ = try file.tensor(name) }
        } catch { #expect(error.kind == .badData, "\(error)") }
      }
    }
  }
}
