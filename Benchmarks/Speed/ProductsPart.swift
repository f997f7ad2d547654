import Basics
import Torch

extension Speed {
  /// The matrix products of a training step of a vision transformer and nothing else, multiplied by
  /// libtorch: no step that multiplies with its kernels can be faster.
  ///
  /// They are those that our step computes, of the last block no more than the first token's output
  /// needs; the small ones within attention are left out.
  static func productsPart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let width = try inputs.count("width"), hidden = try inputs.count("mlp")
    let images = try inputs.count("batch"), tokens = try inputs.count("tokens")
    let all = images * tokens
    let blocks = (1..<(try inputs.count("layers"))).flatMap { _ in
      [
        Map(all, width, 3 * width), Map(all, width, width), Map(all, width, hidden),
        Map(all, hidden, width),
      ]
    }
    let maps =
      [Map(images * (tokens - 1), try inputs.count("patch"), width, isFirst: true)] + blocks + [
        Map(all, width, 2 * width), Map(images, width, width), Map(images, width, width),
        Map(images, width, hidden), Map(images, hidden, width),
        Map(images, width, try inputs.count("projection")),
      ]
    let weights = try maps.map { try Tensor.full([$0.outputs, $0.inputs], 0.01) }
    let most = maps.map { $0.rows * max($0.inputs, $0.outputs) }.max() ?? 0
    let numbers = try Tensor.full([most], 0.01)
    func matrix(_ rows: Int, _ columns: Int) throws -> Tensor {
      try numbers.narrowed(from: 0, count: rows * columns).reshaped(rows, columns)
    }
    try conversation.serve {
      let start = ContinuousClock.now
      for (map, weight) in zip(maps, weights) {
        _ = try matrix(map.rows, map.inputs).matmul(weight.transposed())
      }
      for (map, weight) in zip(maps, weights).reversed() {
        let gradient = try matrix(map.rows, map.outputs)
        _ = try gradient.transposed().matmul(matrix(map.rows, map.inputs))
        if !map.isFirst { _ = try gradient.matmul(weight) }
      }
      return Conversation.Answer(ContinuousClock.now - start)
    }
  }

  /// A linear map of so many rows; the first one's input needs no gradient.
  private struct Map {
    var rows: Int, inputs: Int, outputs: Int
    var isFirst = false

    init(_ rows: Int, _ inputs: Int, _ outputs: Int, isFirst: Bool = false) {
      (self.rows, self.inputs, self.outputs) = (rows, inputs, outputs)
      self.isFirst = isFirst
    }
  }
}
