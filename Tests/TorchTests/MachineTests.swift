import Basics
import TestSupport
import Testing
import Torch

@Suite struct MachineTests {
  @Test func libtorchHasEveryOperator() {
    #expect(Machine.missingOperators.isEmpty)
  }

  @Test func theNativeLibraryFitsThisProgram() throws {
    try Machine.checkNativeLibrary()
  }

  @Test func libtorchSaysItsVersion() {
    let parts = Machine.libtorchVersion.split(separator: ".")
    #expect(parts.count >= 3)
    #expect(parts.first.flatMap { Int($0) } ?? 0 >= 2)
  }

  @Test func theNumberOfThreadsIsSetAndAtLeastOne() {
    let before = Machine.threads
    defer { Machine.threads = before }
    Machine.threads = 3
    #expect(Machine.threads == 3)
    Machine.threads = -5
    #expect(Machine.threads == 1)
  }

  @Test func concurrentWorkComesBackInOrder() throws {
    let left = try Tensor.random(40, 30, key: 1)
    let rights = try (0..<25).map { try Tensor.random(30, 20, key: $0 + 2) }
    let expected = try rights.map { try left.matmul($0).elements(as: Float.self) }
    let sums = try Machine.concurrently(rights.count) { (index) throws(HoldfastError) in
      try withoutGradients { () throws(HoldfastError) in
        try left.matmul(rights[index]).elements(as: Float.self)
      }
    }
    for (sum, right) in zip(sums, expected) {
      #expect(zip(sum, right).allSatisfy { abs($0 - $1) <= 1e-4 })
    }
    #expect(sums.count == expected.count)
    #expect(try Machine.concurrently(0) { $0 }.isEmpty)
    #expect(try Machine.concurrently(1) { $0 } == [0])
  }

  @Test func concurrentWorkFailsWithItsFirstErrorAndInItsCallersScope() throws {
    let error = #expect(throws: HoldfastError.self) {
      try Machine.concurrently(9) { (index) throws(HoldfastError) -> Int in
        if index % 4 == 3 { throw .usage("piece \(index)", remedy: "") }
        return index
      }
    }
    #expect(error?.problem == "piece 3")
    for isOn in [true, false] {
      let scope = isOn ? FastPaths.on(areFast) : FastPaths.off(areFast)
      #expect(scope == [Bool](repeating: isOn, count: 8))
    }
  }

  private func areFast() -> [Bool] {
    (try? Machine.concurrently(8) { _ in FastPaths.areOn }) ?? []
  }

  @Test func exhaustedMemoryIsAnErrorOfItsOwn() {
    expectProblem(.outOfMemory, containing: "out of memory") {
      try Tensor.zeros([1 << 46])
    }
  }

  @Test(arguments: DType.allCases)
  func aTypeSurvivesLibtorchAndItsFileName(dtype: DType) throws {
    #expect(try Tensor.zeros([2], dtype: dtype).dtype == dtype)
    #expect(DType(safetensorsName: dtype.safetensorsName) == dtype)
    #expect(DType(rawValue: dtype.rawValue) == dtype)
    try Tensor.zeros([3], dtype: dtype).withBytes { bytes in
      #expect(bytes.count == 3 * dtype.size)
    }
  }

  @Test func anUnknownTypeHasNoCase() {
    #expect(DType(safetensorsName: "F8_E4M3") == nil)
    #expect(DType(safetensorsName: "f32") == nil)
  }

  @Test(arguments: [Device.cpu, .cuda(0), .cuda(3), .mps])
  func aDeviceSurvivesItsText(device: Device) {
    #expect(Device(device.description) == device)
  }

  @Test(arguments: ["", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:64", "cuda:x", "cpu:0"])
  func aWrongDeviceIsNil(text: String) {
    #expect(Device(text) == nil)
  }

  @Test func theFirstGPUNeedsNoNumber() {
    #expect(Device("cuda") == .cuda(0))
  }

  @Test func theAutomaticDeviceIsThere() throws {
    #expect(Device.cpu.isAvailable)
    #expect(Device.automatic.isAvailable)
    #expect(!Device.cuda(Machine.cudaDevices).isAvailable)
    #expect(try Tensor.zeros([1], device: .automatic).device == .automatic)
  }

  @Test func aMissingDeviceIsAnError() {
    #expect(throws: HoldfastError.self) {
      try Tensor.zeros([1], device: .cuda(Machine.cudaDevices))
    }
  }
}
