import Basics
import Torch

extension ClassificationHead {
  /// The zero-shot head: for each class every prompt's embedding normalised, their mean,
  /// normalised again, times exp(logit scale); bias zero.
  ///
  /// Radford et al. 2021 (arXiv 2103.00020, section 3.1.4), scaled as WiSE-FT's head is.
  ///
  /// - Parameters:
  ///   - model: Architecture, weights and tokenizer.
  ///   - classes: The readable class names.
  ///   - prompts: The texts of one class.
  ///   - progress: Called with the number of texts done and of all; what it throws ends the work.
  /// - Throws: `HoldfastError`; of kind `usage` where there are no classes, or one has no prompts.
  public static func zeroShot(
    _ model: Checkpoint, classes: [String], prompts: (String) -> [String],
    progress: ((Int, Int) throws(HoldfastError) -> Void)? = nil
  ) throws(HoldfastError) -> ClassificationHead {
    let tokenizer = try model.tokenizer()
    var texts: [String] = []
    var owners: [Int] = []
    for (label, name) in classes.enumerated() {
      let own = prompts(name)
      guard !own.isEmpty else {
        throw .usage("the class '\(name)' has no prompts", remedy: "Give at least one prompt.")
      }
      texts += own
      owners += own.map { _ in label }
    }
    guard !texts.isEmpty else {
      throw .usage("there are no classes", remedy: "Name at least one.")
    }
    let batch = tokenizer.encode(texts, contextLength: model.architecture.contextLength)
    let rows = (0..<batch.count).map { Array(batch[$0].prefix(batch.endPositions[$0] + 1)) }
    return try withoutGradients { () throws(HoldfastError) in
      let features = try encode(rows, TextTower(model.architecture, model.weights), progress)
        .normalized()
      let width = model.architecture.projectionWidth
      let flat = try features.elements(as: Float.self)
      var sums = [Double](repeating: 0, count: classes.count * width)
      for (row, owner) in owners.enumerated() {
        for column in 0..<width {
          sums[owner * width + column] += Double(flat[row * width + column])
        }
      }
      let scale = try model.weights.tensor("logit_scale").item()
      let weight =
        try Tensor(sums, shape: [classes.count, width])
        .normalized() * exponential(scale)
      return try ClassificationHead(
        weight: weight.to(.float32), bias: Tensor.zeros([classes.count]), classes: classes,
        origin: zeroShotOrigin)
    }
  }

  /// Texts of like length are encoded together, in batches, and put back in order.
  private static func encode(
    _ rows: [[Int]], _ tower: TextTower, _ progress: ((Int, Int) throws(HoldfastError) -> Void)?
  ) throws(HoldfastError) -> Tensor {
    let order = rows.indices.sorted { (rows[$0].count, $0) < (rows[$1].count, $1) }
    var parts: [Tensor] = []
    var start = 0
    while start < order.count {
      let batch = order[start..<min(start + 256, order.count)]
      parts.append(try tower(batch.map { rows[$0] }))
      start += batch.count
      try progress?(start, order.count)
    }
    var inverse = [Int](repeating: 0, count: order.count)
    for (place, row) in order.enumerated() { inverse[row] = place }
    return try Tensor.concatenated(parts).selected(inverse)
  }

  private static func exponential(_ value: Double) throws(HoldfastError) -> Double {
    try Tensor([value]).exp().item()
  }
}
