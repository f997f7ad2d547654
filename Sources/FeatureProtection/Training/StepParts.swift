import Basics
import CLIP
import Torch

/// How many images of a step are computed at once, where the settings do not say it.
///
/// What the backward pass needs of a vision transformer's blocks grows with the images: 480 MB for 32
/// of ViT-B/32. A graphics card needs all of them to be busy; a processor's matrix kernels are hardly
/// faster for more than some hundred rows, so that there a large batch is taken in parts, of which each
/// reads the weights again: 1 to 2 % of a step.
public enum StepParts {
  /// Tokens that keep the matrix kernels busy.
  private static let rows = 800
  /// What the blocks may keep, in bytes, before parts are worth their cost.
  private static let bytes = 256 << 20

  /// - Parameter count: The images of the step.
  /// - Returns: The images of each part, of nearly one size; `count` where all are taken at once.
  public static func size(
    _ architecture: CLIPArchitecture, images count: Int, on device: Device = .cpu
  ) -> Int {
    guard FastPaths.areOn, device == .cpu, count > 1,
      case .transformer(let transformer, _) = architecture.vision
    else { return count }
    let tokens = count * (architecture.gridSide * architecture.gridSide + 1)
    // Of a row each block keeps its input, queries, keys and values, what attention is added to, and
    // the hidden layer.
    let kept = 5 * transformer.width + transformer.mlpWidth
    guard tokens * kept * transformer.layers * 4 > bytes else { return count }
    let parts = min(max(tokens / rows, 1), count)
    return (count + parts - 1) / parts
  }
}
