/// Possible merges within a word, lowest rank first and leftmost among equals: a binary heap.
struct MergeQueue {
  private var heap: [(rank: Int, position: Int)] = []

  mutating func push(rank: Int, position: Int) {
    heap.append((rank, position))
    var child = heap.count - 1
    while child > 0, heap[child] < heap[(child - 1) / 2] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> (rank: Int, position: Int)? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      let children = (2 * parent + 1)..<min(2 * parent + 3, max(heap.count, 2 * parent + 1))
      guard let least = children.min(by: { heap[$0] < heap[$1] }), heap[least] < heap[parent]
      else { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
