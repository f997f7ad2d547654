import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// `open_clip_config.json` as open_clip reads and writes it.
@Suite struct OpenCLIPConfigurationTests {
  private static func read(_ text: String) throws -> CLIPArchitecture {
    let json = try JSONValue.parse(Data(text.utf8), source: "c.json")
    return try CLIPArchitecture(openCLIP: json, source: "c.json")
  }

  /// A configuration with these members in its sections.
  private static func text(
    model: String = "", vision: String = "", text: String = ""
  ) -> String {
    #"{"model_cfg": {"embed_dim": 512, "vision_cfg": {\#(vision)}, "text_cfg": {\#(text)}"#
      + (model.isEmpty ? "" : ", \(model)") + "}}"
  }

  private static let vitB16 = CLIPArchitecture(
    vision: .transformer(
      TransformerArchitecture(width: 768, layers: 12, heads: 12, mlpWidth: 3072, activation: .gelu),
      patchSize: 16),
    imageSize: 224,
    text: TransformerArchitecture(
      width: 512, layers: 12, heads: 8, mlpWidth: 2048, activation: .gelu),
    vocabularyCount: 49408, contextLength: 77, projectionWidth: 512, endToken: 49407)

  @Test(arguments: [
    ("ViT-B-32", 151_277_313, 12), ("ViT-B-16", 149_620_737, 12), ("ViT-L-14", 427_616_513, 16),
    ("ViT-L-14-336", 427_944_193, 16), ("ViT-H-14", 986_109_441, 16),
    ("ViT-g-14", 1_366_678_273, 16), ("RN50", 102_007_137, 32), ("RN101", 119_688_033, 32),
    ("RN50x4", 178_300_601, 40),
  ]) func publishedModelsHaveTheirSizes(_ name: String, parameters: Int, heads: Int) throws {
    let model = try #require(try publishedModels()[name])
    #expect(model["parameters"]?.int == parameters)
    let architecture = try publishedArchitecture(name)
    let layout = try architecture.layout()
    let fixed = try layout.filtered(CLIPArchitecture.isFixed)
    #expect(layout.parameterCount - fixed.parameterCount == parameters)
    #expect(fixed.parameterCount == model["statistics"]?.int)
    switch architecture.vision {
    case .transformer(let transformer, _): #expect(transformer.heads == heads)
    case .resNet(let resNet): #expect(resNet.heads == heads)
    }
    let vision = try architecture.visionLayout().names
    #expect(vision == layout.names.filter(CLIPArchitecture.isVision))
    // What open_clip reads of what is written is the same model.
    let written = try architecture.openCLIPConfiguration()
    #expect(try CLIPArchitecture(openCLIP: written, source: name) == architecture)
    // And it is written as it was read, but for g/14's rounded ratio.
    if name != "ViT-g-14" { #expect(written == model["model_cfg"]) }
  }

  @Test(arguments: OpenCLIPModel.names) func tinyModelsAreWrittenAndReadBack(
    _ name: String
  ) throws {
    let model = try OpenCLIPModel(name)
    let written = try model.architecture.openCLIPConfiguration()
    #expect(try CLIPArchitecture(openCLIP: written, source: name) == model.architecture)
    #expect(
      Set(try model.architecture.layout().entries.map(\.count))
        .isSuperset(of: model.shapes.filter { $0.key.contains("conv") }.map { $1.reduce(1, *) }))
  }

  @Test(arguments: [
    text(),
    text(
      model: #""quick_gelu": false, "custom_text": true, "init_logit_scale": 2.5"#,
      vision: #""image_size": [224, 224], "patch_dropout": 0.5, "attentional_pool": false"#,
      text: #""pool_type": "argmax", "pad_id": 1, "eos_id": 2, "no_causal_mask": false"#),
    text(
      model: #""init_logit_bias": null"#,
      vision: #""ls_init_value": null, "timm_model_name": null, "norm_kwargs": {}, "mlp_ratio": 4"#,
      text: #""hf_model_name": null, "act_kwargs": null, "norm_kwargs": {"eps": 1e-5}"#),
    #"{"embed_dim": 512, "vision_cfg": {}, "text_cfg": {}}"#,
  ]) func whatIsLeftOutHasTheDefaultsOfOpenCLIP(_ text: String) throws {
    #expect(try Self.read(text) == Self.vitB16)
  }

  @Test func optionsChangeWhatTheySay() throws {
    #expect(
      try Self.read(Self.text(model: #""quick_gelu": true"#)) == Self.vitB16.with(.quickGELU))
    #expect(
      try Self.read(Self.text(text: #""pool_type": "eos", "eos_id": 700"#)).endToken == 700)
    #expect(try Self.read(Self.text(text: #""vocab_size": 100"#)).endToken == 99)
    let norms = #""norm_kwargs": {"eps": 1e-6}"#
    let other = try Self.read(
      Self.text(
        vision: #""head_width": 96, "mlp_ratio": 2.6667, "#.appending(norms), text: norms))
    #expect(other.text.layerNormEpsilon == 1e-6)
    guard case .transformer(let vision, patchSize: 16) = other.vision else {
      Issue.record("\(other.vision)")
      return
    }
    #expect(vision.heads == 8 && vision.layerNormEpsilon == 1e-6)
    #expect(vision.mlpWidth == 2048)
  }

  @Test(arguments: [
    ("[]", "not a JSON object"),
    ("{}", "no vision_cfg"),
    (#"{"model_cfg": {"embed_dim": 3, "vision_cfg": {}}}"#, "no model_cfg.text_cfg"),
    (#"{"model_cfg": {"vision_cfg": {}, "text_cfg": {}}}"#, "no model_cfg.embed_dim"),
    (#"{"model_cfg": 3}"#, "model_cfg is 3"),
    (#"{"model_cfg": {"embed_dim": 3, "vision_cfg": [], "text_cfg": {}}}"#, "vision_cfg is []"),
    (text(model: #""quick_gelu": 1"#), "model_cfg.quick_gelu is 1"),
    (text(model: #""init_logit_bias": -10"#), "model_cfg.init_logit_bias is -10"),
    (text(model: #""multimodal_cfg": {"width": 3}"#), "multimodal_cfg"),
    (text(model: #""a_new_option": "yes""#), "model_cfg.a_new_option"),
    (text(vision: #""layers": 0"#), "layers"),
    (text(vision: #""layers": [3, 4, 6]"#), "model_cfg.vision_cfg.layers is [3,4,6]"),
    (text(vision: #""layers": [3, 4, 6, 0], "width": 64"#), "layers"),
    (text(vision: #""layers": [3, 4, 6, "3"], "width": 64"#), "layers"),
    (text(vision: #""layers": [1, 1, 1, 1], "width": 1e6"#), "width"),
    (text(vision: #""layers": [1, 1, 1, 1], "width": 64, "head_width": 96"#), "heads are 96"),
    (text(vision: #""layers": [1, 1, 1, 1], "width": 64, "image_size": 225"#), "a ResNet's stride"),
    (text(vision: #""width": 770"#), "heads are 64 wide"),
    (text(vision: #""head_width": 0"#), "head_width"),
    (text(vision: #""image_size": [224, 336]"#), "image_size"),
    (text(vision: #""image_size": [224]"#), "image_size"),
    (text(vision: #""image_size": 225"#), "no multiple of patch_size 16"),
    (text(vision: #""image_size": 1e9"#), "image_size"),
    (text(vision: #""patch_size": 0"#), "patch_size"),
    (text(vision: #""mlp_ratio": -1"#), "mlp_ratio"),
    (text(vision: #""mlp_ratio": 1e-9"#), "mlp_ratio"),
    (text(vision: #""mlp_ratio": 1e300"#), "mlp_ratio"),
    (text(vision: #""timm_model_name": "vit_base""#), "vision_cfg.timm_model_name is \"vit_base\""),
    (text(vision: #""attentional_pool": true"#), "attentional_pool is true"),
    (text(vision: #""ls_init_value": 1e-5"#), "ls_init_value"),
    (text(vision: #""no_ln_pre": true"#), "no_ln_pre"),
    (text(vision: #""pool_type": "avg""#), "vision_cfg.pool_type"),
    (text(vision: #""pos_embed_type": "sin_cos_2d""#), "pos_embed_type"),
    (text(vision: #""final_ln_after_pool": true"#), "final_ln_after_pool"),
    (text(vision: #""qk_norm": true"#), "vision_cfg.qk_norm"),
    (text(vision: #""act_kwargs": {"approximate": "tanh"}"#), "vision_cfg.act_kwargs"),
    (text(vision: #""norm_kwargs": {"eps": 0}"#), "vision_cfg.norm_kwargs.eps is 0"),
    (text(vision: #""norm_kwargs": {"elementwise_affine": false}"#), "elementwise_affine"),
    (text(text: #""hf_model_name": "roberta-base""#), "text_cfg.hf_model_name"),
    (text(text: #""hf_tokenizer_name": "bert-base-uncased""#), "hf_tokenizer_name"),
    (text(text: #""tokenizer_kwargs": {"clean": "canonicalize"}"#), "tokenizer_kwargs"),
    (text(text: #""no_causal_mask": true"#), "text_cfg.no_causal_mask is true"),
    (text(text: #""embed_cls": true"#), "embed_cls"),
    (text(text: #""proj_bias": true"#), "proj_bias"),
    (text(text: #""proj_type": "none""#), "proj_type"),
    (text(text: #""pool_type": "last""#), "text_cfg.pool_type is \"last\""),
    (text(text: #""pool_type": "eos""#), "no model_cfg.text_cfg.eos_id"),
    (text(text: #""pool_type": "eos", "eos_id": 2"#), "eos_id is 2"),
    (text(text: #""scale_fc": true"#), "text_cfg.scale_fc"),
    (text(text: #""heads": 7"#), "a divisor of the width 512"),
    (text(text: #""vocab_size": -4"#), "vocab_size"),
    (text(text: #""context_length": 1e12"#), "context_length"),
  ]) func whatIsWrongOrAnotherModelIsNamed(_ text: String, _ words: String) {
    expectProblem(.badData, containing: "c.json: ", words) { try Self.read(text) }
  }

  @Test func everyMLPWidthSurvivesItsRatio() throws {
    for width in [1, 3, 48, 49, 1408, 1664, 99_991] {
      for mlpWidth in [1, 2, width, 3 * width + 1, 5 * width - 1, 6144, 8191] {
        var architecture = Self.vitB16
        architecture.text = TransformerArchitecture(
          width: width, layers: 1, heads: 1, mlpWidth: mlpWidth, activation: .gelu)
        guard Double(mlpWidth) <= 1000 * Double(width) else { continue }
        let written = try architecture.openCLIPConfiguration().text()
        #expect(try Self.read(written).text == architecture.text, "\(width), \(mlpWidth)")
      }
    }
  }

  @Test func whatOneLibraryLacksIsWrittenForTheOther() throws {
    let resNet = try publishedArchitecture("RN50")
    let error = expectProblem(.usage, containing: "no modified ResNet") {
      try resNet.configuration()
    }
    #expect(error?.remedy.contains("--layout openclip") == true)
    var mixed = Self.vitB16
    mixed.text.activation = .quickGELU
    expectProblem(.usage, containing: "quick_gelu", "gelu") { try mixed.openCLIPConfiguration() }
    #expect(
      try CLIPArchitecture(configuration: mixed.configuration(), source: "config.json") == mixed)
    // A ResNet has no activation of its own that could differ.
    #expect(try resNet.with(.quickGELU).openCLIPConfiguration()["quick_gelu"] == .bool(true))
    #expect(resNet.with(.quickGELU).vision == resNet.vision)
  }

  @Test func theEndOfATextIsWrittenWhereItIsNotTheHighestToken() throws {
    var architecture = Self.vitB16
    architecture.endToken = 700
    let written = try architecture.openCLIPConfiguration()
    #expect(written["text_cfg"]?["pool_type"] == .string("eos"))
    #expect(try CLIPArchitecture(openCLIP: written, source: "c.json") == architecture)
    // 2 means the highest token, which for open_clip goes without saying.
    architecture.endToken = 2
    #expect(try architecture.openCLIPConfiguration() == Self.vitB16.openCLIPConfiguration())
  }

  @Test func aResNetHasTheNamesOfOpenCLIP() throws {
    for name in ["resnet", "deeper-resnet"] {
      let model = try OpenCLIPModel(name)
      let theirs = model.shapes.filter {
        $0.key.hasPrefix("visual.") && !$0.key.hasSuffix("num_batches_tracked")
      }
      let layout = try model.architecture.visionLayout()
      #expect(Set(layout.names) == Set(theirs.keys))
      for entry in layout.entries { #expect(theirs[entry.name] == entry.shape, "\(entry.name)") }
    }
  }
}
