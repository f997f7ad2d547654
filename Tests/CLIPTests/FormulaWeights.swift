import Basics
import CLIP
import TestSupport
import Testing
import Torch

/// Weights and pixels that are computed from whole numbers, as `Fixtures/README.md` states it: the
/// values are the same in every language, so that no weights need be stored.
struct FormulaWeights {
  private struct Rule {
    var ending: String
    var scale: Double
    var offset: Double
    var isDivided: Bool

    init(_ item: JSONValue) throws {
      ending = try #require(item["ending"]?.string)
      scale = try #require(item["scale"]?.double)
      offset = try #require(item["offset"]?.double)
      isDivided = item["divided"]?.bool ?? false
    }

    func scale(_ shape: [Int]) -> Double {
      guard isDivided else { return scale }
      let inputs = shape.dropFirst().reduce(1, *)
      let halfBitLength = (Int.bitWidth - inputs.leadingZeroBitCount + 1) / 2
      return scale / Double(1 << halfBitLength)
    }
  }

  /// The whole file that the rules are from.
  let document: JSONValue
  private let rules: [Rule]

  /// - Parameter file: A JSON file of the fixtures with a list of `rules`.
  init(_ file: String) throws {
    document = try JSONValue.parse(Fixtures.data(file), source: file)
    rules = try #require(document["rules"]?.array).map(Rule.init)
  }

  /// Tensors numbered in the order of their names.
  func weights(_ layout: WeightsLayout) throws -> Weights {
    let numbers = Dictionary(
      uniqueKeysWithValues: layout.names.sorted().enumerated().map { ($1, $0) })
    return try Weights(layout: layout) { (name) throws(HoldfastError) in
      let shape = layout[name]?.shape ?? []
      guard let number = numbers[name], let rule = rules.first(where: { name.hasSuffix($0.ending) })
      else { throw .internalError("no rule for \(name)") }
      return try Self.values(
        shape, number: number, scale: rule.scale(shape), offset: rule.offset)
    }
  }

  /// Pixels of the given shape by an entry such as `pixel_values`.
  static func pixels(_ item: JSONValue, shape: [Int]) throws -> Tensor {
    try values(
      shape, number: #require(item["k"]?.int), scale: #require(item["scale"]?.double),
      offset: #require(item["offset"]?.double))
  }

  /// One image of this size for each entry of `pixel_values`.
  func images(size: Int) throws -> Tensor {
    let items = try #require(document["pixel_values"]?.array)
    return try Tensor.stacked(items.map { try Self.pixels($0, shape: [3, size, size]) })
  }

  /// The values of a whole tensor, made in pieces so that the int64 numbers stay small.
  private static func values(
    _ shape: [Int], number: Int, scale: Double, offset: Double
  ) throws(HoldfastError) -> Tensor {
    let count = shape.reduce(1, *)
    let piece = 1 << 20
    var parts: [Tensor] = []
    for start in stride(from: 0, to: count, by: piece) {
      let i = try Tensor.arange(min(piece, count - start)) + whole(start)
      let constant = try whole(number * 15_485_863 + 12345)
      let r = try (i * i * 7919 + i * 104_729 + constant).remainder(65521)
      let fraction = try r.to(.float64) / Tensor([65521.0])
      parts.append(try ((fraction + -0.5) * scale + offset).to(.float32))
    }
    return try Tensor.concatenated(parts).reshaped(shape)
  }

  private static func whole(_ value: Int) throws(HoldfastError) -> Tensor {
    try Tensor([Int64(value)])
  }
}
