import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// A ViT-B/32 of true size, whose weights are computed from whole numbers (`Fixtures/README.md`),
/// gives the outputs of `transformers`.
@Suite struct TrueSizeTests {
  @Test func vitB32() throws {
    let recipe = try Recipe()
    // What `transformers` takes for an empty configuration is ViT-B/32.
    let architecture = try CLIPArchitecture(configuration: .object([:]), source: "defaults")
    let layout = try architecture.layout()
    #expect(Set(layout.names) == Set(recipe.tensors.keys))
    let weights = try Weights(layout: layout) { (name) throws(HoldfastError) in
      try recipe.weight(name, shape: layout[name]?.shape ?? [])
    }
    for (name, entry) in recipe.tensors {
      let tensor = try weights.tensor(name)
      #expect(tensor.shape == entry.shape, "\(name)")
      #expect(try tensor.to(.float64).sum().item() == entry.sum, "\(name)")
    }
    let pixels = try recipe.pixels()
    for activation in [Activation.quickGELU, .gelu] {
      let word = activation == .gelu ? "gelu" : "quickgelu"
      let file = Fixtures.path("towers/vit-b-32-\(word).outputs.safetensors")
      try compare(
        architecture.with(activation), weights, pixels, with: SafetensorsFile(path: file))
    }
  }

  private func compare(
    _ architecture: CLIPArchitecture, _ weights: Weights, _ pixels: Tensor,
    with expected: SafetensorsFile
  ) throws {
    try withoutGradients {
      let images = try VisionTower(architecture, weights)(pixels)
      let rows = try tokenRows(expected.tensor("input_ids"))
      #expect(rows.contains { $0.firstIndex(of: 49407) ?? 77 < 76 }, "one text is short")
      let texts = try TextTower(architecture, weights)(rows)
      try expectClose(images, expected.tensor("image_embeds_raw"))
      try expectClose(texts, expected.tensor("text_embeds_raw"))
      try expectClose(images.normalized(), expected.tensor("image_embeds"))
      try expectClose(texts.normalized(), expected.tensor("text_embeds"))
      let scale = try weights.tensor("logit_scale").exp()
      let logits = try images.normalized().matmul(texts.normalized().transposed(0, 1)) * scale
      try expectClose(logits, expected.tensor("logits_per_image"))
    }
  }
}

/// The formula of the true-size weights, as `vit-b-32.json` states it.
private struct Recipe {
  struct Entry {
    var number: Int
    var shape: [Int]
    var sum: Double
  }

  struct Rule {
    var ending: String
    var scale: Double
    var offset: Double
  }

  var tensors: [String: Entry] = [:]
  private var rules: [Rule] = []
  private let document: JSONValue

  init() throws {
    let name = "towers/vit-b-32.json"
    document = try JSONValue.parse(Fixtures.data(name), source: name)
    for item in try #require(document["tensors"]?.array) {
      tensors[try #require(item["name"]?.string)] = Entry(
        number: try #require(item["k"]?.int),
        shape: try #require(item["shape"]?.array).compactMap(\.int),
        sum: try #require(item["sum"]?.double))
    }
    for item in try #require(document["rules"]?.array) {
      rules.append(
        Rule(
          ending: try #require(item["ending"]?.string),
          scale: try #require(item["scale"]?.double),
          offset: try #require(item["offset"]?.double)))
    }
  }

  func weight(_ name: String, shape: [Int]) throws(HoldfastError) -> Tensor {
    guard let entry = tensors[name], let rule = rules.first(where: { name.hasSuffix($0.ending) })
    else { throw .internalError("no rule for \(name)") }
    return try values(
      shape.reduce(1, *), number: entry.number, scale: rule.scale, offset: rule.offset
    ).reshaped(shape)
  }

  func pixels() throws -> Tensor {
    let item = try #require(document["pixel_values"])
    let shape = try #require(item["shape"]?.array).compactMap(\.int)
    return try values(
      shape.reduce(1, *), number: try #require(item["k"]?.int),
      scale: try #require(item["scale"]?.double), offset: try #require(item["offset"]?.double)
    ).reshaped(shape)
  }

  /// The values of a whole tensor, made in pieces so that the int64 numbers stay small.
  private func values(
    _ count: Int, number: Int, scale: Double, offset: Double
  ) throws(HoldfastError) -> Tensor {
    let piece = 1 << 20
    var parts: [Tensor] = []
    for start in stride(from: 0, to: count, by: piece) {
      let i = try Tensor.arange(min(piece, count - start)) + whole(start)
      let constant = try whole(number * 15_485_863 + 12345)
      let r = try (i * i * 7919 + i * 104_729 + constant).remainder(65521)
      let fraction = try r.to(.float64) / Tensor([65521.0])
      parts.append(try ((fraction + -0.5) * scale + offset).to(.float32))
    }
    return try Tensor.concatenated(parts)
  }

  private func whole(_ value: Int) throws(HoldfastError) -> Tensor { try Tensor([Int64(value)]) }
}
