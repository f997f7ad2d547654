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
