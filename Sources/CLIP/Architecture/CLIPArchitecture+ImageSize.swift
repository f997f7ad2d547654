import Basics
import Torch

/// The same model for images of another size.
extension CLIPArchitecture {
  /// Resizes the table of positions, the one tensor whose shape depends on the size of the images.
  ///
  /// The rows of the grid are resized by bicubic interpolation, antialiased where the grid shrinks,
  /// with corners not aligned; the first row, that of the class token, is kept. This is what
  /// open_clip 3.3 does to a vision transformer (`resize_pos_embed` of its `model.py`). A ResNet's
  /// attention pooling, whose first row belongs to the mean, is treated alike here; open_clip has
  /// nothing for it.
  ///
  /// - Parameters:
  ///   - weights: Of this architecture; other tensors among them, a head's say, stay as they are.
  ///   - imageSize: The side in pixels: a multiple of the patch size, or of 32 for a ResNet.
  /// - Returns: The architecture and the weights for the new size; the weights are those given
  ///   where the size is the same, and else share no memory with them.
  /// - Throws: `HoldfastError` of kind `usage` where the size is none for this tower; of kind
  ///   `badData` where the weights do not fit the architecture.
  public func resizing(
    _ weights: Weights, to imageSize: Int
  ) throws(HoldfastError) -> (architecture: CLIPArchitecture, weights: Weights) {
    guard (1...4096).contains(imageSize), imageSize % vision.stride == 0 else {
      throw .usage(
        "this model cannot see images of \(imageSize) pixels",
        remedy: "Choose a multiple of \(vision.stride), at most 4096.")
    }
    var resized = self
    resized.imageSize = imageSize
    let name = vision.positionsName
    let positions = try weights.tensor(name)
    guard positions.rank == 2, positions.shape[0] == positionCount else {
      throw .badData(
        "\(name) is \(positions.shape), which does not fit images of \(self.imageSize) pixels",
        remedy: "Use the configuration that belongs to these weights.")
    }
    guard imageSize != self.imageSize else { return (resized, weights) }
    let table = try Self.resized(positions, from: gridSide, to: resized.gridSide)
    let layout = try WeightsLayout(
      groups: weights.layout.groups.map { group in
        group.map { $0.name == name ? (name, table.shape) : $0 }
      })
    let result = try Weights(layout: layout, device: weights.device) {
      (entry) throws(HoldfastError) in
      entry == name ? table : try weights.tensor(entry)
    }
    return (resized, result)
  }

  /// - Parameter positions: `[1 + side², width]`.
  private static func resized(
    _ positions: Tensor, from side: Int, to newSide: Int
  ) throws(HoldfastError) -> Tensor {
    let width = positions.shape[1]
    let first = try positions.narrowed(from: 0, count: 1)
    let grid = try positions.narrowed(from: 1, count: side * side)
      .reshaped(1, side, side, width)
      .permuted(0, 3, 1, 2)
      .resizedBicubically(height: newSide, width: newSide)
      .permuted(0, 2, 3, 1)
      .reshaped(newSide * newSide, width)
    return try Tensor.concatenated([first, grid])
  }
}
