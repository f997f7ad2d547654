import Basics

/// The shapes of a state dict with OpenAI's names, and what they say about the sizes of a CLIP.
struct StateDictShapes {
  private let shapes: [String: [Int]]
  private let source: String
  /// All heads of OpenAI's models are this wide.
  private let headWidth = 64

  init(_ shapes: [String: [Int]], source: String) {
    self.shapes = shapes
    self.source = source
  }

  /// One size of a tensor, which must have the given number of dimensions.
  func size(
    _ name: String, _ dimension: Int, of rank: Int, atMost limit: Int = 100_000
  ) throws(HoldfastError) -> Int {
    guard let shape = shapes[name] else {
      throw .badData(
        "\(source): there is no tensor \(name)",
        remedy: "Use a whole state dict of a CLIP, as OpenAI or open_clip writes it.")
    }
    guard shape.count == rank, (1...limit).contains(shape[dimension]) else {
      throw .badData(
        "\(source): \(name) is \(shape), where \(rank) sizes are expected, and size "
          + "\(dimension + 1) to be from 1 to \(limit)",
        remedy: "Use a state dict of a CLIP, as OpenAI or open_clip writes it.")
    }
    return shape[dimension]
  }

  /// The side of the images from the table of positions, whose first row is no place in them.
  func imageSize(_ name: String, stride: Int) throws(HoldfastError) -> Int {
    let rows = try size(name, 0, of: 2)
    let side = Int(Double(rows - 1).squareRoot())
    guard side > 0, side * side == rows - 1, side * stride <= 4096 else {
      throw .badData(
        "\(source): \(name) has \(rows) rows, which is not one more than the square of a grid",
        remedy: "Use a CLIP for square images of at most 4096 pixels a side.")
    }
    return side * stride
  }

  func visionTransformer(_ activation: Activation) throws(HoldfastError) -> VisionArchitecture {
    let width = try size("visual.conv1.weight", 0, of: 4)
    guard width <= 1024 else {
      throw .badData(
        "\(source): how many heads a vision tower \(width) wide has does not follow from its "
          + "tensors", remedy: "Put its open_clip_config.json beside the weights.")
    }
    let patchSize = try size("visual.conv1.weight", 3, of: 4, atMost: 4096)
    return .transformer(
      try transformer("visual.transformer", width: width, activation), patchSize: patchSize)
  }

  /// The transformer whose blocks' names start with `prefix`.
  func transformer(
    _ prefix: String, width: Int, _ activation: Activation
  ) throws(HoldfastError) -> TransformerArchitecture {
    let blocks = "\(prefix).resblocks"
    return TransformerArchitecture(
      width: width, layers: try count(of: blocks), heads: try heads(width, prefix),
      mlpWidth: try size("\(blocks).0.mlp.c_fc.weight", 0, of: 2, atMost: 1_000_000),
      activation: activation)
  }

  func resNet() throws(HoldfastError) -> VisionArchitecture {
    var blocks: [Int] = []
    for stage in 1...4 { blocks.append(try count(of: "visual.layer\(stage)")) }
    let width = try size("visual.layer1.0.conv1.weight", 0, of: 4, atMost: 10_000)
    return .resNet(
      ResNetArchitecture(
        blocks: blocks, width: width, heads: try heads(width * 32, "visual.attnpool")))
  }

  private func heads(_ width: Int, _ place: String) throws(HoldfastError) -> Int {
    guard width % headWidth == 0 else {
      throw .badData(
        "\(source): the heads of \(place) cannot be \(headWidth) wide, as its width is \(width)",
        remedy: "Put its open_clip_config.json beside the weights.")
    }
    return width / headWidth
  }

  /// How many numbers stand behind a prefix; that none is left out shows when tensors are read.
  private func count(of prefix: String) throws(HoldfastError) -> Int {
    let start = prefix + "."
    let numbers = Set(
      shapes.keys.compactMap { name in
        name.hasPrefix(start) ? name.dropFirst(start.count).prefix { $0 != "." } : nil
      })
    guard (1...1000).contains(numbers.count) else {
      throw .badData(
        "\(source): there are \(numbers.count) blocks of \(prefix), where 1 to 1000 are expected",
        remedy: "Use a whole state dict of a CLIP, as OpenAI or open_clip writes it.")
    }
    return numbers.count
  }
}
