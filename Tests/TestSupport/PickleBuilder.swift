import Foundation

/// Writes pickles instruction by instruction, as no honest program would.
public struct PickleBuilder {
  public private(set) var data: Data

  /// Starts with the protocol.
  public init(protocol version: UInt8 = 2) { data = Data([0x80, version]) }

  /// Adds instructions as they stand, `(` or `t` say.
  public mutating func raw(_ characters: String) { data += Data(characters.utf8) }

  public mutating func raw(_ bytes: [UInt8]) { data += Data(bytes) }

  public mutating func text(_ text: String) {
    data += Data("X".utf8) + ZipBuilder.bytes(UInt32(text.utf8.count)) + Data(text.utf8)
  }

  /// Adds a number of up to 64 bits.
  public mutating func integer(_ number: Int) {
    data += Data([0x8A, 8]) + ZipBuilder.bytes(Int64(number))
  }

  public mutating func global(_ module: String, _ name: String) { raw("c\(module)\n\(name)\n") }

  /// Adds a tuple of numbers.
  public mutating func tuple(_ numbers: [Int]) {
    raw("(")
    for number in numbers { integer(number) }
    raw("t")
  }

  /// Adds a float32 tensor over a storage, as `torch.save` describes it.
  public mutating func tensor(
    storage key: String = "0", count: Int, offset: Int = 0, shape: [Int], strides: [Int],
    type: String = "FloatStorage"
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    raw("((")
    text("storage")
    global("torch", type)
    text(key)
    text("cpu")
    integer(count)
    raw("tQ")
    integer(offset)
    tuple(shape)
    tuple(strides)
    raw([0x89])
    global("collections", "OrderedDict")
    raw(")RtR")
  }

  /// A dictionary with one tensor `x`, whole.
  public static func dictionary(_ value: (inout PickleBuilder) -> Void) -> Data {
    var pickle = PickleBuilder()
    pickle.raw("}")
    pickle.text("x")
    value(&pickle)
    pickle.raw("s.")
    return pickle.data
  }

  /// An archive as `torch.save` writes it, around a pickle.
  public static func archive(_ pickle: Data, storages: [String: Data] = [:]) -> Data {
    let entries = storages.sorted { $0.key < $1.key }.map {
      ZipBuilder.Entry("model/data/\($0.key)", $0.value)
    }
    return ZipBuilder([.init("model/data.pkl", pickle)] + entries).data
  }
}
