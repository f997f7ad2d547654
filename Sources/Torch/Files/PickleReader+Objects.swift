import Basics

/// What the calls of a pickle stand for: tensors, storages, dictionaries and TorchScript's objects.
extension PickleReader {
  /// `REDUCE`: a function and its arguments, of which none is called.
  mutating func call(
    _ function: PickleValue, _ arguments: PickleValue
  ) throws(HoldfastError) {
    guard case .global(let global) = function, let items = tuple(arguments) else {
      throw damaged("a call of what is no function")
    }
    switch global {
    case .orderedDictionary:
      guard items.isEmpty else { throw damaged("a dictionary made of something else") }
      push(.dictionary([]))
    case .rebuildTensor: push(.tensor(try tensor(items)))
    case .rebuildParameter, .first:
      guard let first = items.first else { throw damaged("a call lacks its arguments") }
      push(existing: first)
    case .size:
      guard let first = items.first, let sizes = tuple(first) else {
        throw damaged("a size that is no tuple")
      }
      push(.tuple(sizes))
    case .opaque: push(existing: .opaque)
    case .storage, .scriptClass: throw damaged("a call of what is no function")
    }
  }

  /// `NEWOBJ`: a class and its arguments.
  mutating func make(_ type: PickleValue, _ arguments: PickleValue) throws(HoldfastError) {
    switch type {
    case .global(.scriptClass): push(.object(state: .none))
    case .global(.orderedDictionary): push(.dictionary([]))
    default: throw damaged("an object of what is no class")
    }
  }

  /// `BUILD`: an object, and what it is to hold.
  mutating func build(_ target: PickleValue, _ state: PickleValue) throws(HoldfastError) {
    if target == .opaque { return }
    guard case .node(let number) = target else { throw damaged("a state for what is no object") }
    switch nodes[number] {
    case .object: set(.object(state: state), at: number)
    // The versions of modules, which `state_dict` hangs on its dictionary.
    case .dictionary, .tensor: return
    case .tuple, .list, .storage: throw damaged("a state for what is no object")
    }
  }

  /// `BINPERSID`: where a storage lies.
  mutating func pushStorage(_ identifier: PickleValue) throws(HoldfastError) {
    guard let items = tuple(identifier), items.count >= 5, items[0] == .text("storage"),
      case .global(.storage(let dtype)) = items[1], case .text(let key) = items[2],
      case .integer(let count) = items[4], count >= 0, items.count == 5 || items[5] == .none
    else { throw damaged("a storage that is not described as torch.save does") }
    push(.storage(TorchStorage(key: key, dtype: dtype, count: count)))
  }

  private func tensor(_ items: [PickleValue]) throws(HoldfastError) -> TorchTensor {
    guard items.count >= 4, case .node(let number) = items[0],
      case .storage(let storage) = nodes[number], case .integer(let offset) = items[1],
      let shape = integers(items[2]), let strides = integers(items[3])
    else { throw damaged("a tensor that is not described as torch.save does") }
    guard
      let tensor = TorchTensor(storage: storage, offset: offset, shape: shape, strides: strides)
    else {
      throw damaged(
        "a tensor \(shape) with strides \(strides) from \(offset) on, in a storage of "
          + "\(storage.count)")
    }
    return tensor
  }

  private func tuple(_ value: PickleValue) -> [PickleValue]? {
    guard case .node(let number) = value, case .tuple(let items) = nodes[number] else { return nil }
    return items
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard let items = tuple(value), items.count <= 16 else { return nil }
    let numbers = items.compactMap { item -> Int? in
      if case .integer(let number) = item { return number }
      return nil
    }
    return numbers.count == items.count ? numbers : nil
  }
}
