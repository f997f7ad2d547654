import Basics

/// Named tensors over one contiguous float32 buffer: a point in weight space.
///
/// A value of the vector space that the methods of this field calculate in: interpolation,
/// averages, distances and the optimiser are each one pass over one array. Copies share memory
/// until `clone()`; arithmetic makes new buffers.
public struct Weights: Sendable {
  public let layout: WeightsLayout
  /// `[layout.count]`, float32.
  public let buffer: Tensor

  /// Weights over an existing buffer.
  public init(layout: WeightsLayout, buffer: Tensor) throws(HoldfastError) {
    guard buffer.shape == [layout.count], buffer.dtype == .float32 else {
      throw .internalError("a buffer \(buffer.shape) does not fit a layout of \(layout.count)")
    }
    self.layout = layout
    self.buffer = buffer
  }

  /// Weights that are all zero.
  public init(zeros layout: WeightsLayout, device: Device = .cpu) throws(HoldfastError) {
    self.layout = layout
    self.buffer = try Tensor.zeros([layout.count], device: device)
  }

  /// Copies tensors into a buffer of the given layout, converting to float32.
  ///
  /// - Parameter tensor: Gives the tensor of a name, in the layout's shape.
  public init(
    layout: WeightsLayout, device: Device = .cpu,
    copying tensor: (String) throws(HoldfastError) -> Tensor
  ) throws(HoldfastError) {
    self.layout = layout
    // Not zeroed first: a checkpoint's pages would be written twice.
    self.buffer = try Tensor.uninitialised([layout.count], device: device)
    var end = 0
    for entry in layout.entries {
      if entry.offset > end {
        try buffer.narrowed(from: end, count: entry.offset - end).fill(with: 0)
      }
      end = entry.end
      let source = try tensor(entry.name)
      guard source.shape == entry.shape else {
        throw .internalError("\(entry.name) is \(source.shape), expected \(entry.shape)")
      }
      try view(entry).copy(from: source)
    }
  }

  /// Tensors laid out one by one in the given order.
  public init(_ tensors: [(name: String, tensor: Tensor)]) throws(HoldfastError) {
    let layout = try WeightsLayout(groups: tensors.map { [($0.name, $0.tensor.shape)] })
    let table = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.tensor) })
    try self.init(layout: layout) { (name) throws(HoldfastError) in
      guard let tensor = table[name] else { throw .internalError("no tensor \(name)") }
      return tensor
    }
  }

  public var names: [String] { layout.names }

  public var device: Device { buffer.device }

  /// Whether there is a tensor of this name.
  public func contains(_ name: String) -> Bool { layout[name] != nil }

  /// A copy with memory of its own.
  public func clone() throws(HoldfastError) -> Weights {
    try Weights(layout: layout, buffer: buffer.clone())
  }

  /// The same weights on another device.
  public func to(_ device: Device) throws(HoldfastError) -> Weights {
    try Weights(layout: layout, buffer: buffer.to(device))
  }

  /// Replaces all elements in place by those of weights with the same layout.
  public func copy(from other: Weights) throws(HoldfastError) {
    try requireSameLayout(other)
    try buffer.copy(from: other.buffer)
  }

  /// A copy of the tensors whose name passes a test.
  public func filtered(_ isIncluded: (String) -> Bool) throws(HoldfastError) -> Weights {
    let part = try layout.filtered(isIncluded)
    return try Weights(layout: part, device: device) { (name) throws(HoldfastError) in
      try tensor(name)
    }
  }

  /// A copy with the tensors of `other` in place of those of the same names and shapes.
  ///
  /// - Throws: `HoldfastError` of kind `badData` where a name is missing or a shape differs.
  public func replacing(with other: Weights) throws(HoldfastError) -> Weights {
    let result = try clone()
    for entry in other.layout.entries {
      let target = try result.tensor(entry.name)
      guard target.shape == entry.shape else {
        throw .badData(
          "\(entry.name) is \(entry.shape), in the weights it replaces \(target.shape)",
          remedy: "Use checkpoints of one architecture, fine-tuned for the same classes.")
      }
      try target.copy(from: other.view(entry))
    }
    return result
  }

  func view(_ entry: WeightsLayout.Entry) throws(HoldfastError) -> Tensor {
    try buffer.narrowed(from: entry.offset, count: entry.count).reshaped(entry.shape)
  }

  func requireSameLayout(_ other: Weights) throws(HoldfastError) {
    guard layout != other.layout else { return }
    let difference = Self.difference(of: layout, and: other.layout)
    throw .badData(
      "the two sets of weights do not match: \(difference)",
      remedy: "Use checkpoints of one architecture, fine-tuned for the same classes.")
  }

  /// Every name or shape in which two layouts differ, in one sentence; past eight their number.
  private static func difference(of one: WeightsLayout, and other: WeightsLayout) -> String {
    var lines: [String] = []
    for entry in one.entries {
      if let match = other[entry.name] {
        if match.shape != entry.shape {
          lines.append("\(entry.name) is \(entry.shape) and \(match.shape)")
        }
      } else {
        lines.append("\(entry.name) is only in the first")
      }
    }
    for entry in other.entries where one[entry.name] == nil {
      lines.append("\(entry.name) is only in the second")
    }
    if lines.isEmpty { return "their tensors lie in another order" }
    let shown = lines.prefix(8).joined(separator: "; ")
    return lines.count > 8 ? "\(shown); and \(lines.count - 8) more" : shown
  }
}

extension Weights: ParameterSource {
  /// The tensor of a name, a view of the buffer.
  public func tensor(_ name: String) throws(HoldfastError) -> Tensor {
    guard let entry = layout[name] else {
      throw .badData(
        "the weights have no tensor \(name)",
        remedy: "Check that the checkpoint is complete and of this architecture.")
    }
    return try view(entry)
  }

  public func joined(_ names: [String]) throws(HoldfastError) -> Tensor {
    guard let first = names.first, let entry = layout[first] else {
      return try tensor(names.first ?? "")
    }
    if names.count == 1 { return try view(entry) }
    let tail = Array(entry.shape.dropFirst())
    if let range = layout.range(of: names),
      names.allSatisfy({ layout[$0]?.shape.dropFirst().elementsEqual(tail) ?? false })
    {
      return try buffer.narrowed(from: range.lowerBound, count: range.count).reshaped([-1] + tail)
    }
    var parts: [Tensor] = []
    for name in names { parts.append(try tensor(name)) }
    return try Tensor.concatenated(parts)
  }
}
