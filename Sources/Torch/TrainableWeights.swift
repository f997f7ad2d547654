import Basics

/// Weights together with their gradient, one buffer each, and the leaves through which a graph
/// is differentiated.
///
/// Backward passes add into `gradient`, whose tensors share its buffer: clipping, penalties and
/// the optimiser are then single passes over it. A group of the layout (query, key and value
/// projections) is one leaf.
///
/// Several may share the memory of their values; each is differentiated by one thread at a time.
public final class TrainableWeights: Sendable {
  public let values: Weights
  public let gradient: Weights
  private let leaves: [String: Tensor]
  private let members: [String: (leaf: String, start: Int, count: Int)]

  /// Makes the tensors of `values`, whose memory is shared, leaves of differentiation.
  public init(_ values: Weights) throws(HoldfastError) {
    self.values = values
    gradient = try Weights(zeros: values.layout, device: values.device)
    var leaves: [String: Tensor] = [:]
    var members: [String: (leaf: String, start: Int, count: Int)] = [:]
    for group in values.layout.groups {
      let names = group.map(\.name)
      let isOneMatrix =
        group.count > 1
        && group.allSatisfy {
          !$0.shape.isEmpty && $0.shape.dropFirst() == group[0].shape.dropFirst()
        }
      for unit in isOneMatrix ? [names] : names.map({ [$0] }) {
        leaves[unit[0]] = try values.joined(unit).leaf(gradient: gradient.joined(unit))
        var start = 0
        for name in unit {
          let count = values.layout[name]?.shape.first ?? 0
          members[name] = (unit[0], start, isOneMatrix ? count : -1)
          start += count
        }
      }
    }
    self.leaves = leaves
    self.members = members
  }

  public var layout: WeightsLayout { values.layout }

  /// Sets the gradient to zero.
  public func clearGradient() throws(HoldfastError) { try gradient.buffer.fill(with: 0) }

  /// Adds the gradient of weights of the same layout, which is zero afterwards.
  public func moveGradient(from other: TrainableWeights) throws(HoldfastError) {
    try gradient.requireSameLayout(other.gradient)
    try gradient.buffer.add(from: other.gradient.buffer)
    try other.clearGradient()
  }
}

extension TrainableWeights: ParameterSource {
  public func tensor(_ name: String) throws(HoldfastError) -> Tensor {
    guard let member = members[name], let leaf = leaves[member.leaf] else {
      throw .internalError("no trained tensor \(name)")
    }
    if member.count < 0 { return leaf }
    return try leaf.narrowed(from: member.start, count: member.count)
  }

  public func joined(_ names: [String]) throws(HoldfastError) -> Tensor {
    if names.count == 1 { return try tensor(names[0]) }
    let range = names.compactMap { members[$0] }
    if range.count == names.count, let first = range.first, first.count >= 0,
      range.allSatisfy({ $0.leaf == first.leaf }), let leaf = leaves[first.leaf],
      values.layout.range(of: names) != nil
    {
      let count = range.reduce(0) { $0 + $1.count }
      if first.start == 0, leaf.shape.first == count { return leaf }
      return try leaf.narrowed(from: first.start, count: count)
    }
    var parts: [Tensor] = []
    for name in names { parts.append(try tensor(name)) }
    return try Tensor.concatenated(parts)
  }
}
