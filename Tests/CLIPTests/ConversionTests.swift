import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// Writing either layout, and what each can hold.
@Suite struct ConversionTests {
  private static let small = Fixtures.path("checkpoints/openclip")

  @Test(arguments: CheckpointLayout.allCases, [tinyFolder, small])
  func everyBitGoesRoundInEitherLayout(_ layout: CheckpointLayout, _ source: String) throws {
    var model = try Checkpoint.read(source)
    model.head = try ClassificationHead(
      weight: .random(2, model.architecture.projectionWidth, key: 1), bias: .random(2, key: 2),
      classes: ["a", "b c"])
    try withTemporaryFolder { folder in
      try model.write(to: "\(folder)/one", layout: layout, metadata: ["method": "full"])
      let once = try Checkpoint.read("\(folder)/one")
      #expect(try once.differences(from: model) == [])
      try expectSameBits(once.weights.buffer, model.weights.buffer)
      #expect(once.files["vocab.json"] == model.files["vocab.json"])
      for other in CheckpointLayout.allCases {
        try once.write(to: "\(folder)/\(other)", layout: other)
        let twice = try Checkpoint.read("\(folder)/\(other)")
        #expect(try twice.differences(from: model) == [])
        #expect(
          try twice.preprocessorConfiguration()["image_std"]
            == model.preprocessorConfiguration()["image_std"])
      }
    }
  }

  @Test func openCLIPsNamesAndShapesAreWritten() throws {
    let theirs = try SafetensorsFile(path: "\(Self.small)/open_clip_model.safetensors")
    try withTemporaryFolder { folder in
      try Checkpoint.read(Fixtures.path("checkpoints/hf-bin")).write(to: folder, layout: .openCLIP)
      let ours = try SafetensorsFile(path: "\(folder)/open_clip_model.safetensors")
      #expect(Set(ours.names) == Set(theirs.names))
      for name in theirs.names {
        #expect(ours.shape(of: name) == theirs.shape(of: name), "\(name)")
        try expectSameBits(ours.tensor(name), theirs.tensor(name).to(.float32))
      }
      let json = try JSONValue.parse(
        Data(contentsOf: URL(fileURLWithPath: "\(folder)/open_clip_config.json")), source: "config")
      #expect(json["model_cfg"]?["vision_cfg"]?["head_width"]?.int == 8)
      #expect(json["preprocess_cfg"]?["resize_mode"] == .string("shortest"))
      #expect(json["preprocess_cfg"]?["size"]?.int == 12)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(Set(files) == ["open_clip_config.json", "open_clip_model.safetensors"])
    }
  }

  @Test func aResNetGoesRoundInItsOnlyLayout() throws {
    let tiny = try OpenCLIPModel("resnet")
    let model = Checkpoint(
      architecture: tiny.architecture, weights: tiny.weights, files: [:], folder: "nowhere")
    #expect(model.preferredLayout == .openCLIP)
    try withTemporaryFolder { folder in
      try model.write(to: "\(folder)/resnet")
      let read = try Checkpoint.read("\(folder)/resnet")
      #expect(try read.differences(from: model) == [])
      let file = try SafetensorsFile(path: "\(folder)/resnet/open_clip_model.safetensors")
      let expected = tiny.shapes.filter { !$0.key.hasSuffix("num_batches_tracked") }
      #expect(Set(file.names) == Set(expected.keys))
      for (name, shape) in expected { #expect(file.shape(of: name) == shape, "\(name)") }
      expectProblem(.usage, containing: "transformers has no modified ResNet") {
        try model.write(to: "\(folder)/hf", layout: .huggingFace)
      }
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/hf"))
    }
  }

  @Test func preprocessingIsTakenAlongInEitherDirection() throws {
    let model = try Checkpoint.read(Self.small)
    let json = try model.preprocessorConfiguration()
    #expect(json["image_mean"] == .array([0.5, 0.4, 0.3].map(JSONValue.number)))
    #expect(json["size"]?["shortest_edge"]?.int == 12)
    try withTemporaryFolder { folder in
      try model.write(to: folder, layout: .huggingFace)
      #expect(try Checkpoint.read(folder).preprocessorConfiguration() == json)
    }
  }

  @Test(arguments: [
    (#""resize_mode": "squash""#, "resize_mode is \"squash\""),
    (#""resize_mode": "longest""#, "resize_mode"),
    (#""interpolation": "bilinear""#, "interpolation"),
    (#""mean": [0.5]"#, "mean"), (#""std": [1, 0, 1]"#, "std"), (#""std": "x""#, "std"),
  ])
  func otherPreprocessingIsRefused(_ member: String, _ words: String) throws {
    try withTemporaryFolder { folder in
      let text = String(
        decoding: try Fixtures.data("checkpoints/custom-text/open_clip_config.json"),
        as: UTF8.self)
      try AtomicFile.write(
        text.replacing(#""preprocess_cfg": {}"#, with: #""preprocess_cfg": {\#(member)}"#),
        to: "\(folder)/open_clip_config.json")
      try AtomicFile.write(
        Fixtures.data("checkpoints/custom-text/open_clip_pytorch_model.bin"),
        to: "\(folder)/open_clip_pytorch_model.bin")
      expectProblem(.badData, containing: "open_clip_config.json", words) {
        try Checkpoint.read(folder)
      }
    }
  }

  @Test(arguments: [
    (#"{"size": 40, "crop_size": 32}"#, "size is 40"),
    (#"{"size": {"height": 32, "width": 32}}"#, "size"),
    (#"{"crop_size": {"height": 32, "width": 30}}"#, "crop_size"),
    (#"{"resample": 2}"#, "resample"),
  ])
  func whatOpenCLIPCannotSayIsRefusedBeforeAnythingIsWritten(
    _ json: String, _ words: String
  ) throws {
    var model = try Checkpoint.read(tinyFolder)
    model.files["preprocessor_config.json"] = Data(json.utf8)
    try withTemporaryFolder { folder in
      expectProblem(.badData, containing: "preprocessor_config.json", words) {
        try model.write(to: "\(folder)/new", layout: .openCLIP)
      }
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/new"))
    }
  }

  @Test func twoActivationsAreMoreThanOpenCLIPHas() throws {
    var model = try Checkpoint.read(tinyFolder)
    model.architecture.text.activation = .gelu
    try withTemporaryFolder { folder in
      expectProblem(.usage, containing: "one activation for both towers") {
        try model.write(to: "\(folder)/new", layout: .openCLIP)
      }
      try model.write(to: "\(folder)/new")
      #expect(try Checkpoint.read("\(folder)/new").architecture == model.architecture)
      let file = try SafetensorsFile(path: "\(folder)/new/model.safetensors")
      #expect(file.metadata["activation"] == nil)
    }
  }

  @Test func twoModelsDoNotShareAFolder() throws {
    let model = try Checkpoint.read(tinyFolder)
    try withTemporaryFolder { folder in
      for (first, second) in [(CheckpointLayout.huggingFace, CheckpointLayout.openCLIP)] {
        for (one, other) in [(first, second), (second, first)] {
          let place = "\(folder)/\(one)"
          try model.write(to: place, layout: one)
          expectProblem(.cannotWrite, containing: place, "a model in another layout") {
            try model.write(to: place, layout: other)
          }
          #expect(try Checkpoint.read(place).differences(from: model) == [])
        }
      }
    }
  }

  @Test func theOldSignOfTheEndIsReplacedWhereTheVocabularyIsCLIPs() throws {
    var model = try Checkpoint.read(tinyFolder)
    for count in [49408, 600] {
      model.architecture.endToken = 2
      model.architecture.vocabularyCount = count
      var tensors: [(name: String, tensor: Tensor)] = []
      for entry in try model.architecture.layout().entries {
        tensors.append((entry.name, try Tensor.zeros(entry.shape)))
      }
      let table = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.tensor) })
      model.weights = try Weights(layout: model.architecture.layout()) {
        (name) throws(HoldfastError) in
        guard let tensor = table[name] else { throw .internalError(name) }
        return tensor
      }
      try withTemporaryFolder { folder in
        try model.write(to: folder)
        let read = try Checkpoint.read(folder)
        #expect(read.architecture.endToken == (count == 49408 ? 49407 : 2))
        #expect(try read.differences(from: model) == [])
      }
    }
  }

  @Test func theReleasesVocabularyIsSpelledOutForTransformers() throws {
    var model = try Checkpoint.read(tinyFolder)
    try withTemporaryFolder { folder in
      let vocabulary = try Fixtures.data("tokenizer/release/bpe_simple_vocab_16e6.txt.gz")
      try AtomicFile.write(vocabulary, to: "\(folder)/bpe_simple_vocab_16e6.txt.gz")
      for name in ["vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json"] {
        model.files[name] = nil
      }
      model.folder = folder
      model.files["bpe_simple_vocab_16e6.txt.gz"] = vocabulary
      let tokens = try model.tokenizer().tokens(of: "an owl")
      for layout in CheckpointLayout.allCases {
        try model.write(to: "\(folder)/\(layout)", layout: layout)
        let read = try Checkpoint.read("\(folder)/\(layout)")
        #expect(try read.tokenizer().tokens(of: "an owl") == tokens)
        #expect((read.files["vocab.json"] != nil) == (layout == .huggingFace))
        #expect(read.files["bpe_simple_vocab_16e6.txt.gz"] == vocabulary)
      }
    }
  }

  @Test func differencesAreNamed() throws {
    let model = try Checkpoint.read(tinyFolder)
    var other = model
    other.weights = try model.weights.clone()
    #expect(try model.differences(from: other) == [])
    try other.weights.tensor("logit_scale").fill(with: 1)
    other.head = try ClassificationHead(
      weight: .random(1, 24, key: 1), bias: .random(1, key: 2), classes: ["a"])
    other.architecture.contextLength = 5
    #expect(
      try model.differences(from: other) == ["logit_scale", "classes", "architecture"])
    var third = other
    third.head?.bias = try Tensor.random(1, key: 3)
    #expect(try third.differences(from: other) == ["head"])
    third.weights = try other.weights.filtered { $0 != "text_projection.weight" }
    #expect(try third.differences(from: other) == ["text_projection.weight", "head"])
  }

  @Test func anotherImageSizeTakesItsPreprocessingAlong() throws {
    let model = try Checkpoint.read(tinyFolder)
    let larger = try model.resized(to: 64)
    #expect(larger.architecture.imageSize == 64)
    let positions = try larger.weights.tensor("vision_model.embeddings.position_embedding.weight")
    #expect(positions.shape == [65, 32])
    #expect(try larger.preprocessorConfiguration()["crop_size"]?["height"]?.int == 64)
    try withTemporaryFolder { folder in
      try larger.write(to: folder, layout: .openCLIP)
      let read = try Checkpoint.read(folder)
      #expect(try read.differences(from: larger) == [])
      let images = try VisionTower(read.architecture, read.weights)(.random(2, 3, 64, 64, key: 1))
      #expect(images.shape == [2, 24])
    }
    let same = try model.resized(to: 32)
    #expect(same.files == model.files)
    #expect(try same.differences(from: model) == [])
    expectProblem(.usage, containing: "30 pixels") { try model.resized(to: 30) }
  }
}
