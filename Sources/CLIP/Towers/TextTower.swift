import Basics
import Torch

/// CLIP's causal text transformer: tokens to features.
///
/// A cheap struct of views of its weights.
public struct TextTower {
  private let architecture: CLIPArchitecture
  private let tokenTable: Tensor
  private let positions: Tensor
  private let transformer: Transformer
  private let lastNorm: LayerNorm
  private let projection: Tensor

  /// A tower over the given parameters.
  public init(
    _ architecture: CLIPArchitecture, _ source: some ParameterSource
  ) throws(HoldfastError) {
    self.architecture = architecture
    tokenTable = try source.tensor("text_model.embeddings.token_embedding.weight")
    positions = try source.tensor("text_model.embeddings.position_embedding.weight")
    transformer = try Transformer("text_model.encoder.layers", architecture.text, source)
    lastNorm = try LayerNorm(
      "text_model.final_layer_norm", source, architecture.text.layerNormEpsilon)
    projection = try source.tensor("text_projection.weight")
  }

  /// The features of a batch of texts, not normalised.
  ///
  /// Rows may have any lengths: attention is causal and the feature is read at the end token, so
  /// nothing after that token matters and the batch is only as long as its longest row.
  ///
  /// - Parameter tokens: One row of token numbers a text, from start to end token; padding after
  ///   the end token is allowed.
  /// - Returns: `[texts, projection width]`.
  /// - Throws: `HoldfastError` where there is no text, or one is empty, too long, or has a token
  ///   that the model lacks.
  public func callAsFunction(_ tokens: [[Int]]) throws(HoldfastError) -> Tensor {
    guard !tokens.isEmpty, tokens.allSatisfy({ !$0.isEmpty }) else {
      throw .usage(
        "there are no texts, or one of them has no tokens",
        remedy: "Give each text its start and end token.")
    }
    let ends = tokens.map(endPosition)
    let longest = (ends.max() ?? 0) + 1
    guard longest <= architecture.contextLength else {
      throw .usage(
        "a text has \(longest) tokens, the model reads \(architecture.contextLength)",
        remedy: "Shorten the prompt or the class name.")
    }
    let length = FastPaths.areOn ? longest : architecture.contextLength
    var rows: [Int64] = []
    rows.reserveCapacity(tokens.count * length)
    for (row, end) in zip(tokens, ends) {
      for position in 0..<length { rows.append(position <= end ? Int64(row[position]) : 0) }
    }
    if let bad = rows.first(where: { !(0..<Int64(architecture.vocabularyCount)).contains($0) }) {
      throw .badData(
        "the tokenizer gave token \(bad), the model has \(architecture.vocabularyCount)",
        remedy: "Use the tokenizer files that belong to the checkpoint.")
    }
    let width = architecture.text.width
    let embedded = try Tensor(rows, shape: [tokens.count, length]).to(tokenTable.device)
      .embedded(in: tokenTable)
    let states = try transformer(
      embedded + positions.narrowed(from: 0, count: length), causal: true)
    let places = ends.enumerated().map { $0.offset * length + $0.element }
    return try lastNorm(states.reshaped(-1, width).selected(places)).linear(projection)
  }

  /// The position whose feature is the text's: the first end token, or where the configuration
  /// is of the old kind that names token 2, the first token of the highest number.
  private func endPosition(_ row: [Int]) -> Int {
    if architecture.endToken != 2, let end = row.firstIndex(of: architecture.endToken) {
      return end
    }
    guard let highest = row.max(), let end = row.firstIndex(of: highest) else { return 0 }
    return end
  }
}
