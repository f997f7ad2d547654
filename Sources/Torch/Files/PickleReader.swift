import Basics

/// Reads pickles of tensors and plain containers, and refuses everything else.
///
/// A pickle is a program for a small stack machine, which Python lets call any function. This
/// machine knows the instructions that `torch.save` and TorchScript write (protocols 2 to 5), makes
/// values of its own, and calls nothing: a name that is not in `PickleGlobal` ends the reading.
/// Format: `pickletools` of Python; what tensors look like in it: `torch/_utils.py`.
struct PickleReader {
  /// Everything that was made, in order of appearance.
  private(set) var nodes: [PickleNode] = []
  private(set) var input: ByteReader
  /// What is read, for errors.
  private let source: String
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  /// Where the instruction at hand starts.
  private var start = 0

  static let instructionLimit = 4_000_000
  private static let opcodes = Dictionary(
    uniqueKeysWithValues: PickleOpcode.allCases.map { ($0.rawValue, $0) })

  init(_ input: ByteReader, source: String) {
    self.input = input
    self.source = source
  }

  /// Runs to the end of one pickle, which may be followed by other bytes.
  mutating func read() throws(HoldfastError) -> PickleValue {
    stack = []
    marks = []
    memo = [:]
    for _ in 0..<Self.instructionLimit {
      start = input.position
      let byte = try required(input.integer(UInt8.self))
      guard let opcode = Self.opcodes[byte] else {
        throw damaged("the instruction 0x\(String(byte, radix: 16)), which tensors do not need")
      }
      if opcode == .stop {
        let value = try pop()
        guard stack.isEmpty, marks.isEmpty else { throw damaged("values are left over at the end") }
        return value
      }
      try run(opcode)
    }
    throw damaged("more than \(Self.instructionLimit) instructions")
  }

  private mutating func run(_ opcode: PickleOpcode) throws(HoldfastError) {
    switch opcode {
    case .stop: break
    case .protocolVersion:
      let version = try required(input.integer(UInt8.self))
      guard (2...5).contains(version) else { throw damaged("the protocol \(version)") }
    case .frame: _ = try required(input.take(8))
    case .mark: marks.append(stack.count)
    case .pop: _ = try pop()
    case .popMark: _ = try popToMark()
    case .none: push(.none)
    case .true: push(.bool(true))
    case .false: push(.bool(false))
    case .int4: push(.integer(Int(try required(input.integer(Int32.self)))))
    case .int1: push(.integer(Int(try required(input.integer(UInt8.self)))))
    case .int2: push(.integer(Int(try required(input.integer(UInt16.self)))))
    case .long1: try pushLong(try count(UInt8.self))
    case .long4: try pushLong(try count(UInt32.self))
    case .real:
      push(.real(Double(bitPattern: try required(input.integer(UInt64.self)).byteSwapped)))
    case .text1: try pushText(try count(UInt8.self))
    case .text4: try pushText(try count(UInt32.self))
    case .text8: try pushText(try count(UInt64.self))
    case .bytes1, .string1: try pushBytes(try count(UInt8.self))
    case .bytes4, .string4: try pushBytes(try count(UInt32.self))
    case .bytes8, .byteArray8: try pushBytes(try count(UInt64.self))
    case .emptyTuple: push(.tuple([]))
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .tuple: push(.tuple(try popToMark()))
    case .emptyList, .emptySet: push(.list([]))
    case .list, .frozenSet: push(.list(try popToMark()))
    case .emptyDictionary: push(.dictionary([]))
    case .dictionary: push(.dictionary(try pairs(popToMark())))
    case .append: try extend(with: [pop()])
    case .appends, .addItems: try extend(with: popToMark())
    case .setItem:
      let value = try pop()
      try setItems([pop(), value])
    case .setItems: try setItems(popToMark())
    case .put1: memo[Int(try required(input.integer(UInt8.self)))] = try top()
    case .put4: memo[Int(try required(input.integer(UInt32.self)))] = try top()
    case .memoize: memo[memo.count] = try top()
    case .get1: try recall(Int(try required(input.integer(UInt8.self))))
    case .get4: try recall(Int(try required(input.integer(UInt32.self))))
    case .global:
      let module = try text(required(input.line()))
      try pushGlobal(module: module, name: text(required(input.line())))
    case .stackGlobal:
      let name = try pop()
      guard case .text(let name) = name, case .text(let module) = try pop() else {
        throw damaged("a name that is no text")
      }
      try pushGlobal(module: module, name: name)
    case .persistentID: try pushStorage(pop())
    case .reduce:
      let arguments = try pop()
      try call(pop(), arguments)
    case .newObject:
      let arguments = try pop()
      try make(pop(), arguments)
    case .build:
      let state = try pop()
      try build(top(), state)
    }
  }
}

// MARK: - Stack and memo

extension PickleReader {
  func damaged(_ what: String) -> HoldfastError {
    .badData(
      "\(source), byte \(start): not a whole pickle of tensors: \(what)",
      remedy: "Fetch the file again, or write it again with torch.save.")
  }

  /// The error for what a file asks to run.
  func refusal(of name: String) -> HoldfastError {
    .badData(
      "\(source), byte \(start): refuses \(name), which the file asks Python to run or to make",
      remedy: "Where you trust the file, load it in Python and save the tensors alone: "
        + "torch.save(model.state_dict(), \"weights.pt\").")
  }

  private func required<Value>(_ value: Value?) throws(HoldfastError) -> Value {
    guard let value else { throw damaged("it ends too early") }
    return value
  }

  private mutating func count<Number: FixedWidthInteger>(
    _ type: Number.Type
  ) throws(HoldfastError) -> Int {
    try required(Int(exactly: required(input.integer(type))))
  }

  private func text(_ bytes: ArraySlice<UInt8>) throws(HoldfastError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw damaged("a text that is not UTF-8")
    }
    return text
  }

  private mutating func push(_ value: PickleValue) { stack.append(value) }

  mutating func push(_ node: PickleNode) {
    stack.append(.node(nodes.count))
    nodes.append(node)
  }

  mutating func set(_ node: PickleNode, at number: Int) { nodes[number] = node }

  /// Pushes what was made before.
  mutating func push(existing value: PickleValue) { stack.append(value) }

  private mutating func pop() throws(HoldfastError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw damaged("an instruction lacks its values")
    }
    return value
  }

  private func top() throws(HoldfastError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else {
      throw damaged("an instruction lacks its values")
    }
    return value
  }

  private mutating func popToMark() throws(HoldfastError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw damaged("an instruction lacks its mark") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func recall(_ number: Int) throws(HoldfastError) {
    guard let value = memo[number] else { throw damaged("the memo has no number \(number)") }
    push(value)
  }

  private mutating func pushLong(_ count: Int) throws(HoldfastError) {
    let bytes = Array(try required(input.take(count)))
    guard count <= 8 else { return push(.opaque) }
    let sign: UInt64 = bytes.last.map { $0 & 0x80 != 0 } == true ? .max : 0
    let value = bytes.reversed().reduce(sign) { $0 << 8 | UInt64($1) }
    push(.integer(Int(Int64(bitPattern: value))))
  }

  private mutating func pushText(_ count: Int) throws(HoldfastError) {
    push(.text(try text(required(input.take(count)))))
  }

  private mutating func pushBytes(_ count: Int) throws(HoldfastError) {
    _ = try required(input.take(count))
    push(.opaque)
  }

  private mutating func pushTuple(_ count: Int) throws(HoldfastError) {
    var items: [PickleValue] = []
    for _ in 0..<count { items.append(try pop()) }
    push(.tuple(items.reversed()))
  }

  private mutating func pushGlobal(module: String, name: String) throws(HoldfastError) {
    guard let global = PickleGlobal(module: module, name: name) else {
      throw refusal(of: "\(module).\(name)")
    }
    push(.global(global))
  }

  private func pairs(
    _ items: [PickleValue]
  ) throws(HoldfastError) -> [(key: PickleValue, value: PickleValue)] {
    guard items.count.isMultiple(of: 2) else { throw damaged("a key without a value") }
    return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
  }

  private mutating func extend(with items: [PickleValue]) throws(HoldfastError) {
    guard case .node(let number) = try top(), case .list(var list) = nodes[number] else {
      throw damaged("an item for what is no list")
    }
    // Emptied first, so that the array is not copied.
    nodes[number] = .list([])
    list += items
    nodes[number] = .list(list)
  }

  private mutating func setItems(_ items: [PickleValue]) throws(HoldfastError) {
    let pairs = try pairs(items)
    let target = try top()
    if target == .opaque { return }
    guard case .node(let number) = target, case .dictionary(var members) = nodes[number] else {
      throw damaged("a member for what is no dictionary")
    }
    nodes[number] = .dictionary([])
    members += pairs
    nodes[number] = .dictionary(members)
  }
}
