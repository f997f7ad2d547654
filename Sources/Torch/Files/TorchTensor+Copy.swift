import Basics
import Foundation

extension TorchTensor {
  /// A copy of the view, row-major.
  ///
  /// - Parameter bytes: The storage's, all of them.
  func tensor(in bytes: Data) throws(HoldfastError) -> Tensor {
    let size = storage.dtype.size
    let count = shape.reduce(1, *)
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(HoldfastError) in
        guard count > 0 else {
          return try Tensor(bytes: .init(start: nil, count: 0), dtype: storage.dtype, shape: shape)
        }
        if isContiguous {
          let range = offset * size..<(offset + count) * size
          return try Tensor(
            bytes: UnsafeRawBufferPointer(rebasing: bytes[range]), dtype: storage.dtype,
            shape: shape)
        }
        let gathered = gathered(from: bytes)
        return try gathered.withUnsafeBytes { bytes in
          Result { () throws(HoldfastError) in
            try Tensor(bytes: bytes, dtype: storage.dtype, shape: shape)
          }
        }.get()
      }
    }
    return try result.get()
  }

  /// The elements of a view whose strides are not those of its shape, one after the other.
  private func gathered(from bytes: UnsafeRawBufferPointer) -> [UInt8] {
    let size = storage.dtype.size
    var result: [UInt8] = []
    result.reserveCapacity(shape.reduce(size, *))
    var index = [Int](repeating: 0, count: shape.count)
    var position = offset
    while true {
      result += bytes[position * size..<(position + 1) * size]
      // The last dimension that has a next entry moves on; those after it start again.
      var dimension = shape.count - 1
      while dimension >= 0, index[dimension] + 1 == shape[dimension] {
        position -= index[dimension] * strides[dimension]
        index[dimension] = 0
        dimension -= 1
      }
      guard dimension >= 0 else { return result }
      index[dimension] += 1
      position += strides[dimension]
    }
  }
}
