import Foundation

/// The results of a function of each element, in order, computed by as many threads as there are
/// processors.
func concurrentMap<Element: Sendable, Value: Sendable>(
  _ elements: [Element], _ body: @Sendable (Element) -> Value
) -> [Value] {
  let results = ResultSlots<Value>(count: elements.count)
  DispatchQueue.concurrentPerform(iterations: elements.count) { index in
    results.set(body(elements[index]), at: index)
  }
  return results.values
}

/// Places that threads fill.
private final class ResultSlots<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var slots: [Value?]

  init(count: Int) {
    slots = Array(repeating: nil, count: count)
  }

  func set(_ value: Value, at index: Int) {
    lock.withLock { slots[index] = value }
  }

  var values: [Value] { lock.withLock { slots.compactMap { $0 } } }
}
