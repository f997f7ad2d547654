import Basics

/// The tensors that a pickle's value holds under names, and the small facts beside them.
struct TorchContent {
  private(set) var tensors: [(name: String, tensor: TorchTensor)] = []
  private(set) var metadata: [String: String] = [:]

  /// The members of training checkpoints that hold a model's tensors.
  static let members = ["state_dict", "model_state_dict", "model"]
  static let tensorLimit = 200_000
  private static let depthLimit = 64

  /// Collects what lies in the root of a pickle.
  ///
  /// - Throws: `HoldfastError` of kind `badData` where it is neither a dictionary nor a module, or
  ///   holds no tensors.
  init(of root: PickleValue, in nodes: [PickleNode], path: String) throws(HoldfastError) {
    guard case .node(let number) = root else { throw Self.empty(path) }
    switch nodes[number] {
    case .object:
      try collect(module: number, nodes, path)
    case .dictionary(let members):
      collectFacts(members)
      let inner = Self.members.lazy.compactMap { name in
        members.last { $0.key == .text(name) }.flatMap { Self.dictionary($0.value, nodes) }
      }.first { $0.contains { Self.tensor($0.value, nodes) != nil } }
      for (key, value) in inner ?? members {
        guard case .text(let name) = key, let tensor = Self.tensor(value, nodes) else { continue }
        tensors.append((name, tensor))
      }
    case .tuple, .list, .storage, .tensor: throw Self.empty(path)
    }
    guard !tensors.isEmpty else { throw Self.empty(path) }
    guard tensors.count <= Self.tensorLimit else { throw Self.tooMany(path) }
  }

  /// The attributes of a module and of those within it, in their order.
  private mutating func collect(
    module: Int, _ nodes: [PickleNode], _ path: String
  ) throws(HoldfastError) {
    // The members that are still to be visited, the next one last; shared modules count each time.
    var pending: [(name: String, depth: Int, value: PickleValue)] = [("", 0, .node(module))]
    var visited = 0
    while let (name, depth, value) = pending.popLast() {
      visited += 1
      guard visited <= Self.tensorLimit * 8, depth <= Self.depthLimit else {
        throw Self.tooMany(path)
      }
      if let tensor = Self.tensor(value, nodes) {
        tensors.append((name, tensor))
      } else if case .node(let number) = value, case .object(let state) = nodes[number] {
        let members = Self.dictionary(state, nodes) ?? []
        guard pending.count + members.count <= Self.tensorLimit * 8 else {
          throw Self.tooMany(path)
        }
        for (key, value) in members.reversed() {
          guard case .text(let own) = key else { continue }
          pending.append((name.isEmpty ? own : "\(name).\(own)", depth + 1, value))
        }
      }
    }
  }

  private mutating func collectFacts(_ members: [(key: PickleValue, value: PickleValue)]) {
    for (key, value) in members where metadata.count < 100 {
      guard case .text(let name) = key, name.utf8.count <= 200 else { continue }
      switch value {
      case .text(let text) where text.utf8.count <= 1000: metadata[name] = text
      case .integer(let number): metadata[name] = "\(number)"
      case .real(let number): metadata[name] = "\(number)"
      case .bool(let flag): metadata[name] = "\(flag)"
      default: continue
      }
    }
  }

  private static func tensor(_ value: PickleValue, _ nodes: [PickleNode]) -> TorchTensor? {
    guard case .node(let number) = value, case .tensor(let tensor) = nodes[number] else {
      return nil
    }
    return tensor
  }

  private static func dictionary(
    _ value: PickleValue, _ nodes: [PickleNode]
  ) -> [(key: PickleValue, value: PickleValue)]? {
    guard case .node(let number) = value, case .dictionary(let members) = nodes[number] else {
      return nil
    }
    return members
  }

  private static func empty(_ path: String) -> HoldfastError {
    .badData(
      "\(path): holds no dictionary of tensors, nor one under \(members.joined(separator: ", "))",
      remedy: "Save the model's tensors: torch.save(model.state_dict(), \"weights.pt\").")
  }

  private static func tooMany(_ path: String) -> HoldfastError {
    .badData(
      "\(path): more tensors, or deeper modules, than a model has",
      remedy: "Check that the file is the right one.")
  }
}
