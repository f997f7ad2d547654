import Basics
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// What `adapter_config.json` may say, and what is refused because the numbers would be others.
@Suite struct AdapterConfigurationTests {
  static let layer = "vision_model.encoder.layers"

  /// The adapter `half`, rank 4 and alpha 8 on `q_proj` and `v_proj`, with changes to its keys.
  private func read(_ changes: [String: JSONValue]) throws -> LowRankAdapters {
    let source = Fixtures.path("adapters/half")
    let layout = try Checkpoint.read(TinyStudy.model).weights.layout
    return try withTemporaryFolder { folder in
      for name in ["adapter_model.safetensors", "adapter_config.json"] {
        try AtomicFile.write(Fixtures.data("adapters/half/\(name)"), to: "\(folder)/\(name)")
      }
      var members =
        try JSONValue.parse(
          Fixtures.data("adapters/half/adapter_config.json"), source: source
        ).object ?? [:]
      members.merge(changes) { _, new in new }
      try AtomicFile.write(JSONValue.object(members).text(), to: "\(folder)/adapter_config.json")
      return try LowRankAdapters.read(folder, for: layout)
    }
  }

  @Test(arguments: [
    (["use_rslora": JSONValue.bool(true)], 4.0, 4.0),
    (["alpha_pattern": .object(["q_proj": .integer(2)])], 0.5, 2.0),
    (["alpha_pattern": .object(["self_attn.q_proj": .number(0.5)])], 0.125, 2.0),
    (["alpha_pattern": .object(["^q_proj": .integer(2), "proj": .integer(1)])], 2.0, 2.0),
    (["alpha_pattern": .object(["^vision_model.*q_proj": .integer(2)])], 0.5, 2.0),
    (["alpha_pattern": .object(["(q|k)_proj": .integer(0)])], 0.0, 2.0),
    (
      [
        "r": .integer(2), "rank_pattern": .object([".*_proj": .integer(4)]),
        "alpha_pattern": .object(["layers.[01].self_attn.v_proj": .integer(2)]),
      ], 2.0, 0.5
    ),
    (["alpha_pattern": .object(["q_proj": .integer(2), ".*.q_proj": .integer(2)])], 0.5, 2.0),
  ]) func scalesArePEFTs(_ changes: [String: JSONValue], _ query: Double, _ value: Double) throws {
    let adapters = try read(changes)
    for layer in 0..<2 {
      #expect(adapters.scale(of: "\(Self.layer).\(layer).self_attn.q_proj") == query)
      #expect(adapters.scale(of: "\(Self.layer).\(layer).self_attn.v_proj") == value)
    }
  }

  @Test(arguments: [
    ("use_dora", JSONValue.bool(true)), ("bias", .string("lora_only")), ("lora_bias", .bool(true)),
    ("modules_to_save", .array([.string("classifier")])), ("fan_in_fan_out", .bool(true)),
    ("init_lora_weights", .string("pissa")), ("init_lora_weights", .string("olora")),
    ("layer_replication", .array([.array([.integer(0), .integer(1)])])),
    ("kasa_config", .object(["beta": .number(1)])), ("use_something_new", .bool(true)),
    ("trainable_token_indices", .array([.integer(1)])), ("use_rslora", .string("yes")),
    ("rank_pattern", .array([])), ("rank_pattern", .object(["q_proj": .integer(0)])),
    ("alpha_pattern", .object(["q_proj": .string("8")])),
    ("alpha_pattern", .object(["q_proj": .integer(1), "self_attn.q_proj": .integer(2)])),
    ("alpha_pattern", .object(["(q_proj": .integer(1)])),
    ("alpha_pattern", .object(["(a+)+$": .integer(1)])),
    ("alpha_pattern", .object([".*.*.*.*x": .integer(1)])),
    ("alpha_pattern", .object([String(repeating: "q", count: 1001): .integer(1)])),
  ]) func whatWouldGiveOtherNumbersIsRefusedByName(_ key: String, _ value: JSONValue) {
    expectProblem(.badData, containing: "adapter_config.json", key) { try read([key: value]) }
  }

  @Test(arguments: [
    ("init_lora_weights", JSONValue.string("gaussian")), ("init_lora_weights", .bool(false)),
    ("loftq_config", .object([:])), ("eva_config", .object(["rho": .number(2)])),
    ("lora_dropout", .number(0.5)), ("modules_to_save", .array([])), ("bias", .null),
    ("rank_pattern", .null), ("something_new", .integer(3)), ("target_modules", .null),
  ]) func whatDoesNotChangeTheNumbersIsRead(_ key: String, _ value: JSONValue) throws {
    #expect(try read([key: value]).scale == 2)
  }

  @Test func aConfigurationMustBeSmallJSON() throws {
    let layout = try Checkpoint.read(TinyStudy.model).weights.layout
    try withTemporaryFolder { folder in
      let path = "\(folder)/adapter_config.json"
      for text in ["", "[]", "{", "{\"peft_type\": \"LORA\", \"r\": 1e99, \"lora_alpha\": 1}"] {
        try AtomicFile.write(text, to: path)
        expectProblem(.badData, containing: path) { try LowRankAdapters.read(folder, for: layout) }
      }
      try AtomicFile.write(Data(count: 17 << 20), to: path)
      expectProblem(.badData, containing: "larger than") {
        try LowRankAdapters.read(folder, for: layout)
      }
    }
  }
}
