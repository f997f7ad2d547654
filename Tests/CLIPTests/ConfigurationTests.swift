import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// `config.json` as `transformers` reads and writes it.
@Suite struct ConfigurationTests {
  private static func read(_ text: String) throws -> CLIPArchitecture {
    let json = try JSONValue.parse(Data(text.utf8), source: "config.json")
    return try CLIPArchitecture(configuration: json, source: "config.json")
  }

  static let vitB32 = CLIPArchitecture(
    vision: .transformer(
      TransformerArchitecture(
        width: 768, layers: 12, heads: 12, mlpWidth: 3072, activation: .quickGELU),
      patchSize: 32),
    imageSize: 224,
    text: TransformerArchitecture(
      width: 512, layers: 12, heads: 8, mlpWidth: 2048, activation: .quickGELU),
    vocabularyCount: 49408, contextLength: 77, projectionWidth: 512, endToken: 49407)

  @Test(arguments: [
    "{}", #"{"model_type": "clip"}"#, #"{"text_config": {}, "vision_config": {}}"#,
    #"{"text_config": null, "vision_config_dict": null, "projection_dim": null}"#,
    #"{"vision_config": {"patch_size": null, "layer_norm_eps": null}}"#,
  ]) func whatIsLeftOutHasTheDefaultsOfTransformers(_ text: String) throws {
    #expect(try Self.read(text) == Self.vitB32)
  }

  @Test func oldFilesKeepTheirSectionsUnderAnotherName() throws {
    var expected = Self.vitB32
    expected.text.width = 768
    expected.text.heads = 12
    expected.text.mlpWidth = 3072
    expected.vision = .transformer(
      TransformerArchitecture(
        width: 1024, layers: 24, heads: 16, mlpWidth: 4096, activation: .quickGELU),
      patchSize: 14)
    expected.projectionWidth = 768
    let text =
      #"{"projection_dim": 768, "text_config_dict": {"hidden_size": 768, "#
      + #""intermediate_size": 3072, "num_attention_heads": 12}, "vision_config_dict": "#
      + #"{"hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16, "#
      + #""num_hidden_layers": 24, "patch_size": 14}}"#
    #expect(try Self.read(text) == expected)
    // Where there are both, `transformers` takes the old name's values and defaults.
    let both = #"{"text_config_dict": {}, "text_config": {"hidden_act": "gelu"}}"#
    #expect(try Self.read(both) == Self.vitB32)
  }

  @Test(arguments: [
    (#"{"vision_config": {"hidden_size": "768"}}"#, "hidden_size"),
    (#"{"vision_config": {"hidden_size": 0}}"#, "hidden_size"),
    (#"{"vision_config": {"hidden_size": 7.5}}"#, "hidden_size"),
    (#"{"vision_config": {"hidden_size": 1e300}}"#, "hidden_size"),
    (#"{"vision_config": {"hidden_size": 770}}"#, "no multiple of 12 heads"),
    (#"{"vision_config": {"num_hidden_layers": 100000}}"#, "num_hidden_layers"),
    (#"{"vision_config": {"image_size": 225}}"#, "no multiple of patch_size"),
    (#"{"vision_config": {"image_size": [224, 224]}}"#, "image_size"),
    (#"{"vision_config": {"patch_size": -1}}"#, "patch_size"),
    (#"{"text_config": {"vocab_size": true}}"#, "vocab_size"),
    (#"{"text_config": {"max_position_embeddings": 1e9}}"#, "max_position_embeddings"),
    (#"{"text_config": {"eos_token_id": [2]}}"#, "eos_token_id"),
    (#"{"text_config": {"eos_token_id": -2}}"#, "eos_token_id"),
    (#"{"text_config": {"layer_norm_eps": "small"}}"#, "layer_norm_eps"),
    (#"{"text_config": {"layer_norm_eps": 0}}"#, "layer_norm_eps"),
    (#"{"text_config": {"hidden_act": "relu"}}"#, "relu"),
    (#"{"text_config": {"hidden_act": 3}}"#, "hidden_act"),
    (#"{"text_config": "none"}"#, "text_config"),
    (#"{"projection_dim": {}}"#, "projection_dim"),
    (#"{"model_type": "siglip"}"#, "siglip"),
    ("[]", "not a JSON object"),
  ]) func whatIsWrongIsNamed(_ text: String, _ words: String) {
    expectProblem(.badData, containing: "config.json", words) { try Self.read(text) }
  }

  @Test func theActivationBelongsToTheWeights() throws {
    let text =
      #"{"vision_config": {"hidden_act": "gelu"}, "text_config": {"hidden_act": "quick_gelu"}}"#
    let read = try Self.read(text)
    #expect(read.text.activation == .quickGELU)
    guard case .transformer(let vision, _) = read.vision else {
      Issue.record("a configuration of transformers is that of a transformer")
      return
    }
    #expect(vision.activation == .gelu)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    var uncommon = CLIPArchitecture(
      vision: .transformer(
        TransformerArchitecture(
          width: 96, layers: 3, heads: 6, mlpWidth: 100, activation: .gelu,
          layerNormEpsilon: 1e-6),
        patchSize: 16),
      imageSize: 64,
      text: TransformerArchitecture(
        width: 40, layers: 1, heads: 5, mlpWidth: 80, activation: .quickGELU),
      vocabularyCount: 1000, contextLength: 20, projectionWidth: 30, endToken: 999)
    let tiny = try Checkpoint.read(tinyFolder).architecture
    for architecture in [Self.vitB32, uncommon, tiny] {
      let json = try architecture.configuration(logitScale: 1.5)
      #expect(json["logit_scale_init_value"]?.double == 1.5)
      let text = json.text(pretty: true)
      #expect(try Self.read(text) == architecture)
    }
    uncommon.endToken = 2
    #expect(try Self.read(uncommon.configuration().text()).endToken == 2)
  }

  @Test func theLayoutHasTheNamesAndShapesOfTransformers() throws {
    let file = try SafetensorsFile(path: "\(tinyFolder)/model.safetensors")
    let architecture = try Checkpoint.read(tinyFolder).architecture
    let layout = try architecture.layout()
    #expect(layout.names.sorted() == file.names.sorted())
    for entry in layout.entries { #expect(file[entry.name]?.shape == entry.shape) }
    let vision = try architecture.visionLayout()
    #expect(vision.names == layout.names.filter(CLIPArchitecture.isVision))
    #expect(!vision.names.isEmpty && vision.names.count < layout.names.count)
  }
}
