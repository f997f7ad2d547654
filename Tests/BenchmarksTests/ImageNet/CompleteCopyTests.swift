import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

/// Copies with every class folder and the published number of images, and with one too few or many.
@Suite struct CompleteCopyTests {
  /// A benchmark: where its class folders are, what names them, and how many images it has.
  struct Case: CustomTestStringConvertible {
    var kind: String
    var folder: String
    var subset: ImageNetClasses.Subset?
    var isNumbered = false
    var images: Int
    /// What an error says of the first class when an image of it is missing.
    var difference: String?

    var testDescription: String { kind }
  }

  static let cases = [
    Case(
      kind: "imagenet", folder: "ILSVRC/Data/CLS-LOC/val", images: 50_000,
      difference: "'tench' 49 of 50"),
    Case(
      kind: "imagenet-v2", folder: "imagenetv2-matched-frequency-format-val", isNumbered: true,
      images: 10_000, difference: "(1 classes differ: 'tench' 9 of 10)"),
    Case(kind: "imagenet-a", folder: "imagenet-a", subset: .a, images: 7_500),
    Case(kind: "imagenet-r", folder: "imagenet-r", subset: .r, images: 30_000),
    Case(kind: "imagenet-sketch", folder: "sketch", images: 50_889),
  ]

  @Test(arguments: cases)
  func countsAreHeldToThePublishedOnes(_ benchmark: Case) throws {
    try withTemporaryFolder { root in
      let tree = BenchmarkTree(root)
      let classes =
        benchmark.isNumbered
        ? (0..<1000).map(String.init) : try BenchmarkTree.wnids(benchmark.subset)
      let base = benchmark.images / classes.count
      for count in (base - 1)...(base + 1) {
        try tree.images(["store/\(count)"], count: count) { _, n in "\(n).JPEG" }
      }
      for (offset, name) in classes.enumerated() {
        // The last classes have one image more where the number does not divide.
        let isLarger = classes.count - offset <= benchmark.images % classes.count
        try tree.link(
          "data/\(benchmark.folder)/\(name)", to: "store/\(isLarger ? base + 1 : base)")
      }
      let first = "data/\(benchmark.folder)/\(classes[0])"
      let set = try openSet(nil, root + "/data", allowMissing: false)
      #expect(set.kind == benchmark.kind && set.samples.count == benchmark.images)
      #expect(set.conditions.isEmpty && set.countsPerClass.allSatisfy { $0 > 0 })
      try tree.link(first, to: "store/\(base - 1)")
      expectProblem(
        .missingInput,
        containing: "\(benchmark.images - 1) images, a complete copy has "
          + "\(benchmark.images)", benchmark.difference ?? "images"
      ) {
        try openSets(benchmark.kind, root + "/data", allowMissing: false)
      }
      try tree.link(first, to: "store/\(base + 1)")
      expectProblem(.badData, containing: "\(benchmark.images + 1) images, a complete copy has") {
        try openSets(benchmark.kind, root + "/data", allowMissing: false)
      }
      try FileManager.default.removeItem(atPath: root + "/" + first)
      expectProblem(
        .missingInput,
        containing: "1 of the \(classes.count) class folders are missing: \(classes[0])"
      ) {
        try openSets(benchmark.kind, root + "/data", allowMissing: false)
      }
    }
  }
}
