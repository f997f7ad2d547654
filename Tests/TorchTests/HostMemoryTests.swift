import Basics
import TestSupport
import Testing
import Torch

@Suite struct HostMemoryTests {
  @Test func everyElementTypeIsCopiedInAndOut() throws {
    try expectRoundTrip([Float(0), -1.5, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0, 2])
    try expectRoundTrip([0.1, -2e300, .infinity, .leastNonzeroMagnitude, -0.0, 3])
    try expectRoundTrip([Int64.min, -1, 0, 1, 7, .max])
    try expectRoundTrip([Int32.min, -1, 0, 1, 7, .max])
    try expectRoundTrip([UInt8(0), 1, 2, 127, 128, 255])
  }

  private func expectRoundTrip<Element: TensorElement & Equatable>(
    _ elements: [Element], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let tensor = try Tensor(elements, shape: [2, 3])
    #expect(tensor.dtype == Element.dtype, sourceLocation: sourceLocation)
    #expect(tensor.shape == [2, 3], sourceLocation: sourceLocation)
    #expect(tensor.rank == 2, sourceLocation: sourceLocation)
    #expect(tensor.count == 6, sourceLocation: sourceLocation)
    #expect(tensor.device == .cpu, sourceLocation: sourceLocation)
    let back = try tensor.elements(as: Element.self)
    #expect(back == elements, sourceLocation: sourceLocation)
    let bytes = elements.withUnsafeBytes { Array($0) }
    try tensor.withBytes { #expect(Array($0) == bytes, sourceLocation: sourceLocation) }
  }

  @Test func aNaNKeepsItsBits() throws {
    let numbers = [Float(bitPattern: 0x7FC0_1234), Float(bitPattern: 0xFFC0_0001)]
    let back: [Float] = try Tensor(numbers).elements()
    #expect(back.map(\.bitPattern) == numbers.map(\.bitPattern))
  }

  @Test func elementsAreConvertedAndRowMajor() throws {
    let tensor = try Tensor([Float(1), 2, 3, 4, 5, 6], shape: [2, 3])
    #expect(try tensor.transposed().elements(as: Int64.self) == [1, 4, 2, 5, 3, 6])
    #expect(try tensor.to(.bfloat16).elements(as: Double.self) == [1, 2, 3, 4, 5, 6])
    #expect(try Tensor([0.0, 2]).to(.bool).elements(as: UInt8.self) == [0, 1])
  }

  @Test func halfAndBrainFloatsRoundToNearestEven() throws {
    let tensor = try Tensor([Float(1.00390625), 1.01171875, 65504, 0.1])
    #expect(
      try tensor.to(.bfloat16).elements(as: Float.self) == [1, 1.015625, 65536, 0.10009765625])
    #expect(
      try tensor.to(.float16).elements(as: Float.self)
        == [1.00390625, 1.01171875, 65504, 0.0999755859375])
  }

  @Test func aTensorOwnsItsMemory() throws {
    var numbers: [Float] = [1, 2]
    let tensor = try Tensor(numbers)
    numbers[0] = 9
    #expect(try tensor.elements() == [Float(1), 2])
    let view = try tensor.narrowed(from: 1, count: 1)
    let copy = try tensor.clone()
    try tensor.withMutableBytes { $0.storeBytes(of: Float(7), toByteOffset: 4, as: Float.self) }
    #expect(try view.elements() == [Float(7)])
    #expect(try copy.elements() == [Float(1), 2])
  }

  @Test func aViewOutlivesItsTensor() throws {
    func view() throws -> Tensor {
      try Tensor([Float](repeating: 3, count: 4096)).narrowed(from: 4000, count: 2)
    }
    #expect(try view().elements() == [Float(3), 3])
  }

  @Test func scalarsAndEmptyTensors() throws {
    let scalar = try Tensor([2.5], shape: [])
    #expect(scalar.shape.isEmpty)
    #expect(scalar.count == 1)
    #expect(try scalar.item() == 2.5)
    let empty = try Tensor([Float](), shape: [0, 3])
    #expect(empty.count == 0)
    #expect(try empty.elements(as: Float.self).isEmpty)
    try empty.withBytes { #expect($0.isEmpty) }
    expectProblem(.internalError) { try empty.item() }
  }

  @Test(arguments: [[3], [2, 3], [], [-4], [1 << 40, 1 << 40], [-2, -2]])
  func aShapeThatDoesNotFitIsAnError(shape: [Int]) {
    #expect(throws: HoldfastError.self) { try Tensor([Float(1), 2, 3, 4], shape: shape) }
  }

  @Test func bytesOfATransposedTensorAreRefused() throws {
    let tensor = try Tensor.random(2, 3, key: 1).transposed()
    expectProblem(.internalError, containing: "contiguous") { try tensor.withBytes { $0.count } }
    #expect(try tensor.contiguous().withBytes { $0.count } == 24)
  }
}
