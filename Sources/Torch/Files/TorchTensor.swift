/// A run of elements of one type, stored on its own.
struct TorchStorage: Hashable, Sendable {
  /// Its name in the file.
  var key: String
  var dtype: DType
  /// The number of elements.
  var count: Int
}

/// A view of a storage, checked to lie within it.
struct TorchTensor: Hashable, Sendable {
  let storage: TorchStorage
  /// The first element's position in the storage.
  let offset: Int
  let shape: [Int]
  /// The distance of neighbours along each dimension, in elements.
  let strides: [Int]

  /// Nil where the view does not lie within its storage, or has more elements than it.
  init?(storage: TorchStorage, offset: Int, shape: [Int], strides: [Int]) {
    guard shape.count == strides.count, shape.count <= 16, offset >= 0,
      (shape + strides).allSatisfy({ $0 >= 0 })
    else { return nil }
    var count = 1
    var last = offset
    for (size, stride) in zip(shape, strides) {
      // libtorch cannot hold sizes that overflow, not even of a tensor without elements.
      let (product, isTooMany) = count.multipliedReportingOverflow(by: max(size, 1))
      let (reach, isTooFar) = stride.multipliedReportingOverflow(by: max(size - 1, 0))
      let (end, isBeyond) = last.addingReportingOverflow(reach)
      guard !isTooMany, !isTooFar, !isBeyond else { return nil }
      (count, last) = (product, end)
    }
    guard shape.contains(0) || count <= storage.count && last < storage.count else { return nil }
    self.storage = storage
    self.offset = offset
    self.shape = shape
    self.strides = strides
  }

  /// Whether the elements lie row-major without gaps.
  var isContiguous: Bool {
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      guard stride == expected else { return false }
      expected *= size
    }
    return true
  }
}
