import Basics
import CLIP
import Torch

/// How many images of a step are computed at once, where the settings do not say it.
///
/// What the backward pass needs of a vision transformer's blocks grows with the images: 530 MB for 32
/// of ViT-B/32. A graphics card needs all of them to be busy; a processor's matrix kernels are hardly
/// faster for more than some hundred rows, so that there a large batch is taken in parts. Holdfast's own
/// kernels pack the weights again for each part, which weighs more in the shorter step of frozen weights,
/// so that theirs are larger. Libtorch's kernels pack for every product anyway.
public enum StepParts {
  /// What the blocks may keep, in bytes, before parts are worth their cost.
  private static let bytes = 256 << 20

  /// - Parameters:
  ///   - weightsMove: Whether the tower's weights get gradients, not low-rank factors alone.
  ///   - count: The images of the step.
  ///   - kernels: Whose kernels multiply.
  /// - Returns: The images of each part but the last; `count` where all are taken at once.
  public static func size(
    _ architecture: CLIPArchitecture, weightsMove: Bool = true, images count: Int,
    on device: Device = .cpu, kernels: MatrixKernels = .chosen
  ) -> Int {
    guard FastPaths.areOn, device == .cpu, count > 1,
      case .transformer(let transformer, _) = architecture.vision
    else { return count }
    let length = architecture.positionCount
    // Of a row each block keeps its input, queries, keys and values, what attention is added to, and
    // the hidden layer.
    let kept = 5 * transformer.width + transformer.mlpWidth
    guard count * length * kept * transformer.layers * 4 > bytes else { return count }
    let rows = weightsMove || kernels == .libtorch ? 1000 : 1600
    return min(max(rows / length, 1), count)
  }
}
