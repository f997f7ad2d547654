/// The names and shapes of the tensors, as OpenAI and open_clip have them.
extension ResNetArchitecture {
  /// - Parameter gridSide: The side of the last stage's map.
  func groups(gridSide: Int, projectionWidth: Int) -> [TensorGroup] {
    var groups: [TensorGroup] = []
    func convolution(_ name: String, _ norm: String, from input: Int, to output: Int, size: Int) {
      groups.append([("\(name).weight", [output, input, size, size])])
      for part in ["weight", "bias", "running_mean", "running_var"] {
        groups.append([("\(norm).\(part)", [output])])
      }
    }
    let stem = [3, width / 2, width / 2, width]
    for number in 1...3 {
      convolution(
        "visual.conv\(number)", "visual.bn\(number)", from: stem[number - 1], to: stem[number],
        size: 3)
    }
    var input = width
    var middle = width
    for (stage, count) in blocks.enumerated() {
      for number in 0..<max(count, 0) {
        let block = "visual.layer\(stage + 1).\(number)"
        let output = middle * Self.expansion
        convolution("\(block).conv1", "\(block).bn1", from: input, to: middle, size: 1)
        convolution("\(block).conv2", "\(block).bn2", from: middle, to: middle, size: 3)
        convolution("\(block).conv3", "\(block).bn3", from: middle, to: output, size: 1)
        if number == 0 {
          convolution(
            "\(block).downsample.0", "\(block).downsample.1", from: input, to: output, size: 1)
        }
        input = output
      }
      middle *= 2
    }
    return groups + poolingGroups(gridSide: gridSide, projectionWidth: projectionWidth)
  }

  private func poolingGroups(gridSide: Int, projectionWidth: Int) -> [TensorGroup] {
    let pool = "visual.attnpool"
    let width = outputWidth
    var groups: [TensorGroup] = [
      [(VisionArchitecture.poolingPositionsName, [gridSide * gridSide + 1, width])]
    ]
    // Keys and values are one product over all positions; the query is of one position only.
    for names in [["q_proj"], ["k_proj", "v_proj"]] {
      groups.append(names.map { ("\(pool).\($0).weight", [width, width]) })
      groups.append(names.map { ("\(pool).\($0).bias", [width]) })
    }
    groups.append([("\(pool).c_proj.weight", [projectionWidth, width])])
    groups.append([("\(pool).c_proj.bias", [projectionWidth])])
    return groups
  }
}
