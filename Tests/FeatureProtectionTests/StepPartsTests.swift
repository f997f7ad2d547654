import Basics
import CLIP
import FeatureProtection
import Testing
import Torch

/// When a step takes its batch in parts, and in how many.
@Suite struct StepPartsTests {
  private func architecture(
    width: Int, layers: Int, imageSize: Int, patchSize: Int
  ) -> CLIPArchitecture {
    let transformer = TransformerArchitecture(
      width: width, layers: layers, heads: width / 64, mlpWidth: 4 * width, activation: .quickGELU)
    return CLIPArchitecture(
      vision: .transformer(transformer, patchSize: patchSize), imageSize: imageSize,
      text: transformer, vocabularyCount: 64, contextLength: 8, projectionWidth: 16, endToken: 63)
  }

  @Test func largeBatchesAreTakenInParts() {
    let base = architecture(width: 768, layers: 12, imageSize: 224, patchSize: 32)
    #expect(StepParts.size(base, images: 32) == 20)
    #expect(StepParts.size(base, images: 512) == 20)
    let own = MatrixKernels.avx2
    #expect(StepParts.size(base, weightsMove: false, images: 512, kernels: own) == 32)
    #expect(StepParts.size(base, weightsMove: false, images: 30, kernels: own) == 30)
    #expect(StepParts.size(base, weightsMove: false, images: 512, kernels: .libtorch) == 20)
    let large = architecture(width: 1024, layers: 24, imageSize: 224, patchSize: 14)
    #expect(StepParts.size(large, images: 32) == 3)
    let largest = architecture(width: 1024, layers: 24, imageSize: 896, patchSize: 14)
    #expect(StepParts.size(largest, images: 3) == 1)
  }

  @Test func whatMemoryHoldsIsTakenAtOnce() {
    let base = architecture(width: 768, layers: 12, imageSize: 224, patchSize: 32)
    #expect(StepParts.size(base, images: 16) == 16)
    #expect(StepParts.size(base, images: 17) == 17)
    #expect(StepParts.size(base, images: 1) == 1)
    #expect(StepParts.size(base, images: 0) == 0)
    let small = architecture(width: 128, layers: 6, imageSize: 48, patchSize: 8)
    #expect(StepParts.size(small, images: 256) == 256)
  }

  @Test func graphicsCardsAndExactRunsTakeWholeBatches() {
    let base = architecture(width: 768, layers: 12, imageSize: 224, patchSize: 32)
    #expect(StepParts.size(base, images: 512, on: .cuda(0)) == 512)
    #expect(FastPaths.off { StepParts.size(base, images: 512) } == 512)
  }
}
