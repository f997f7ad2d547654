import Basics
import Foundation
import TestSupport
import Testing
import Torch

/// Pickles that ask for more than tensors, or lie about them: each is a plain error.
@Suite struct HostilePickleTests {
  private func expectProblem(
    of pickle: Data, storages: [String: Data] = ["0": Data(count: 16)], _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/hostile.pt"
      try PickleBuilder.archive(pickle, storages: storages).write(to: URL(fileURLWithPath: path))
      let error = TestSupport.expectProblem(
        .badData, containing: path, sourceLocation: sourceLocation
      ) {
        let file = try TorchFile(path: path)
        return try file.names.map(file.tensor)
      }
      for word in words {
        #expect(
          error?.problem.contains(word) == true, "\(String(describing: error)) lacks \(word)",
          sourceLocation: sourceLocation)
      }
    }
  }

  private func pickle(protocol version: UInt8 = 2, _ body: (inout PickleBuilder) -> Void) -> Data {
    var builder = PickleBuilder(protocol: version)
    body(&builder)
    return builder.data
  }

  // MARK: - What is refused by name

  @Test(arguments: [
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("builtins", "eval"),
    ("__builtin__", "exec"), ("subprocess", "Popen"), ("torch", "load"), ("torch.hub", "load"),
    ("torch.nn.modules.linear", "Linear"), ("src.models.modeling", "ImageClassifier"),
    ("argparse", "Namespace"), ("numpy.core.multiarray", "_reconstruct"), ("collections", "deque"),
    ("torch._utils", "_rebuild_sparse_tensor"), ("torch", "QInt8Storage"), ("torch", "_C"),
    ("_codecs", "decode"), ("functools", "partial"), ("__torch_", "x"), ("", ""),
  ])
  func aNameThatIsNoTensorsIsRefused(_ module: String, _ name: String) throws {
    let words = "refuses \(module).\(name), which the file asks Python to run"
    try expectProblem(
      of: pickle {
        $0.global(module, name)
        $0.text("touch /tmp/owned")
        $0.raw([0x85])
        $0.raw("R.")
      }, words, "model/data.pkl, byte 2:")
    try expectProblem(
      of: pickle(protocol: 4) {
        $0.raw("}")
        $0.text(module)
        $0.text(name)
        $0.raw([0x93])
        $0.raw(")R.")
      }, words)
  }

  @Test func theRemedyIsToSaveTheTensorsAlone() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/hostile.pt"
      try PickleBuilder.archive(pickle { $0.global("os", "system") })
        .write(to: URL(fileURLWithPath: path))
      let error = TestSupport.expectProblem(.badData) { try TorchFile(path: path) }
      #expect(error?.remedy.contains("torch.save(model.state_dict()") == true)
    }
  }

  @Test(arguments: [
    // The other ways to make or call something: INST, OBJ, NEWOBJ_EX, EXT1, PERSID, buffers.
    ("(ios\nsystem\n.", "0x69"), ("(o.", "0x6f"), ("P7\n.", "0x50"), ("I1\n.", "0x49"),
    ("Vx\n.", "0x56"), ("2.", "0x32"),
  ])
  func otherInstructionsAreRefused(_ text: String, _ words: String) throws {
    try expectProblem(of: pickle { $0.raw(text) }, "the instruction \(words)")
  }

  @Test(arguments: [UInt8(0x92), 0x82, 0x83, 0x84, 0x97, 0x98, 0x00, 0xFF])
  func unknownBytesAreRefused(_ byte: UInt8) throws {
    try expectProblem(of: pickle { $0.raw([byte]) }, "0x\(String(byte, radix: 16))", "byte 2")
  }

  @Test func knownNamesAreNotCalledForOtherThings() throws {
    // A storage as a function, a function as a class, an integer as either.
    for (body, words) in [
      ("ctorch\nFloatStorage\n)R.", "a call of what is no function"),
      ("c__torch__\nModule\n)R.", "a call of what is no function"),
      ("K\u{1})R.", "a call of what is no function"), ("))R.", "a call of what is no function"),
      ("ctorch._utils\n_rebuild_tensor_v2\n)R.", "not described as torch.save does"),
      ("ctorch._utils\n_rebuild_parameter\n)R.", "lacks its arguments"),
      ("ctorch\nSize\n)R.", "a size that is no tuple"),
      ("ccollections\nOrderedDict\n(K\u{1}tR.", "a dictionary made of something else"),
      ("K\u{1}Q.", "a storage that is not described"), (")Q.", "a storage that is not described"),
    ] { try expectProblem(of: pickle { $0.raw(body) }, words) }
    try expectProblem(
      of: pickle {
        $0.raw("ctorch\nSize\n)"); $0.raw([0x81])
      }, "no class")
    try expectProblem(of: pickle { $0.raw("]}b.") }, "a state for what is no object")
    try expectProblem(of: pickle { $0.raw("K\u{1}}b.") }, "a state for what is no object")
  }

  // MARK: - A machine that is misused

  @Test(arguments: [
    ("", "ends too early"), (".", "lacks its values"), ("}", "ends too early"),
    ("}}.", "left over"), ("(}.", "left over"), ("t.", "lacks its mark"),
    ("e.", "lacks its mark"), ("s.", "lacks its values"), ("}(K\u{1}u.", "without a value"),
    ("](}s.", "lacks its values"), ("}K\u{1}a.", "no list"), ("]K\u{1}K\u{2}s.", "no dictionary"),
    ("h\u{7}.", "no number 7"), ("q\u{1}.", "lacks its values"), ("0.", "lacks its values"),
    ("cos", "ends too early"), ("cos\nsystem", "ends too early"), ("X\u{5}\0\0\0ab", "too early"),
    ("(0.", "lacks its values"), ("R.", "lacks its values"), ("b.", "lacks its values"),
    ("Q.", "lacks its values"), ("G\0\0", "too early"), ("J\0\0", "too early"), ("K", "too early"),
  ])
  func misuseIsFound(_ text: String, _ words: String) throws {
    try expectProblem(of: pickle { $0.raw(text) }, "not a whole pickle of tensors", words)
  }

  @Test func impossibleLengthsAreFound() throws {
    let ones = [UInt8](repeating: 0xFF, count: 8)
    for opcode in [UInt8(0x8D), 0x8E, 0x96, 0x58, 0x42, 0x54, 0x8B, 0x95, 0x8A, 0x8C, 0x43] {
      let short = opcode == 0x95 ? Array(ones.prefix(3)) : ones
      try expectProblem(of: pickle { $0.raw([opcode] + short) }, "too early")
    }
    try expectProblem(of: pickle { $0.raw([0x58, 1, 0, 0, 0, 0xFF]) }, "not UTF-8")
    try expectProblem(of: pickle(protocol: 4) { $0.raw([0x4B, 1, 0x4B, 1, 0x93]) }, "no text")
    for version in [UInt8(0), 1, 6, 255] {
      try expectProblem(of: pickle(protocol: version) { $0.raw("}.") }, "the protocol \(version)")
    }
  }

  @Test func whatHoldsNoTensorsIsNamed() throws {
    for body in ["N.", "}.", "].", ").", "K\u{1}.", "}X\u{1}\0\0\0aK\u{1}s.", "c__torch__\nM\n."] {
      try expectProblem(of: pickle { $0.raw(body) }, "holds no dictionary of tensors")
    }
    try expectProblem(
      of: pickle {
        $0.tensor(count: 4, shape: [4], strides: [1]); $0.raw(".")
      }, "no")
  }

  // MARK: - Structures made to exhaust

  @Test func deepNestingAndCyclesAreNumbersOnly() throws {
    // A tuple in a tuple, a million deep; a list and a dictionary that hold themselves.
    try expectProblem(
      of: pickle {
        $0.raw(")")
        $0.raw([UInt8](repeating: 0x85, count: 1_000_000))
        $0.raw(".")
      },
      "holds no dictionary")
    try expectProblem(of: pickle { $0.raw("]q\0h\0ah\0ah\0a.") }, "holds no dictionary")
    try expectProblem(
      of: pickle { $0.raw("}q\0X\u{1}\0\0\0ah\0sX\u{5}\0\0\0modelh\0s.") }, "holds no dictionary")
  }

  @Test func aModuleThatHoldsItselfIsRefused() throws {
    try expectProblem(
      of: pickle {
        $0.global("__torch__", "M")
        $0.raw(")")
        $0.raw([0x81])
        $0.raw("q\0}")
        $0.text("self")
        $0.raw("h\0sb.")
      }, "deeper modules, than a model has")
  }

  @Test func modulesThatDoubleAtEachLevelAreRefused() throws {
    try expectProblem(
      of: pickle {
        for level in 0..<40 {
          $0.global("__torch__", "M")
          $0.raw(")")
          $0.raw([0x81])
          $0.raw("}(")
          for name in ["a", "b"] where level > 0 {
            $0.text(name)
            $0.raw("h\0")
          }
          $0.raw("ubq\0")
          $0.raw(level < 39 ? "0" : ".")
        }
      }, "than a model has")
  }

  @Test func tooManyInstructionsAreRefused() throws {
    try expectProblem(
      of: pickle { $0.raw([UInt8](repeating: 0x4E, count: 4_100_000)) }, "instructions")
  }

  // MARK: - Tensors that lie

  @Test(arguments: [
    ([5], [1], 0), ([4], [1], 1), ([2], [4], 0), ([2, 2], [1, 3], 0), ([1], [1], 4),
    ([4], [0], 0), ([-1], [1], 0), ([2], [-1], 1), ([1], [1], -1), ([2], [.max], 0),
    ([.max], [1], 0), ([.max, .max], [1, 1], 0), ([.max, 2, 0], [1, 1, 1], 0), ([2, 2], [1], 0),
    ([2], [], 0), ([Int](repeating: 1, count: 17), [Int](repeating: 1, count: 17), 0),
    ([1], [1], .max), ([2], [1], .max), ([1 << 40], [0], 0),
  ])
  func aViewBeyondItsStorageIsFound(_ shape: [Int], _ strides: [Int], _ offset: Int) throws {
    // [4] with stride 0 has four elements of one: allowed, as there are four in the storage.
    if shape == [4], strides == [0] { return }
    try expectProblem(
      of: PickleBuilder.dictionary {
        $0.tensor(count: 4, offset: offset, shape: shape, strides: strides)
      }, "a tensor")
  }

  @Test func viewsThatRepeatElementsAreRead() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/file.pt"
      let pickle = PickleBuilder.dictionary {
        $0.tensor(count: 4, offset: 1, shape: [2, 2], strides: [0, 2])
      }
      let numbers = [Float(1), 2, 3, 4].reduce(Data()) { $0 + ZipBuilder.bytes($1.bitPattern) }
      try PickleBuilder.archive(pickle, storages: ["0": numbers])
        .write(to: URL(fileURLWithPath: path))
      let tensor = try TorchFile(path: path).tensor("x")
      #expect(try tensor.elements(as: Float.self) == [2, 4, 2, 4])
    }
  }

  @Test func storagesThatAreNotThereOrTooShortAreFound() throws {
    let whole = PickleBuilder.dictionary { $0.tensor(count: 4, shape: [4], strides: [1]) }
    try expectProblem(of: whole, storages: [:], "no entry model/data/0")
    try expectProblem(of: whole, storages: ["0": Data(count: 15)], "has 15 bytes", "need more")
    for key in ["../data.pkl", "/etc/passwd", ""] {
      try expectProblem(
        of: PickleBuilder.dictionary {
          $0.tensor(storage: key, count: 4, shape: [4], strides: [1])
        }, "no entry model/data/\(key)")
    }
    try expectProblem(
      of: PickleBuilder.dictionary { $0.tensor(count: .max, shape: [1], strides: [1]) },
      "has 16 bytes")
    try expectProblem(
      of: PickleBuilder.dictionary { $0.tensor(count: -1, shape: [0], strides: [1]) },
      "not described as torch.save does")
    try expectProblem(
      of: PickleBuilder.dictionary {
        $0.tensor(count: 4, shape: [4], strides: [1], type: "ComplexFloatStorage")
      }, "refuses torch.ComplexFloatStorage")
  }

  @Test func twoTensorsOfOneNameAreFound() throws {
    try expectProblem(
      of: pickle {
        $0.raw("}(")
        for _ in 0..<2 {
          $0.text("x")
          $0.tensor(count: 4, shape: [4], strides: [1])
        }
        $0.raw("u.")
      }, "two of its tensors have one name")
  }
}
