import Basics
import Benchmarks
import CLIP
import FeatureProtection
import TestSupport
import Testing
import Torch

/// `holdfast pretrain` still learns, and the shipped model is what it writes.
@Suite struct PretrainingTests {
  @Test func aShortRunLearnsShapesAndWritesAModel() throws {
    try withTemporaryFolder { folder in
      var training = Pretraining()
      training.steps = 400
      training.poolSize = 20_000
      let losses = try training.run(to: folder + "/mini", context: RunContext())
      #expect(losses.count == 400)
      let first = losses.prefix(20).reduce(0, +) / 20
      let last = losses.suffix(20).reduce(0, +) / 20
      #expect(last < first - 0.5, "\(first) to \(last)")

      // Zero-shot on clipart is above chance, 5 %, by more than four standard errors.
      let accuracy = try Self.zeroShotAccuracy(of: folder + "/mini", cache: folder)
      #expect(accuracy > 0.05 + 4 * (0.05 * 0.95 / 400).squareRoot(), "\(accuracy)")
    }
  }

  @Test func theSameSeedGivesTheSameWeights() throws {
    try withTemporaryFolder { folder in
      var training = Pretraining()
      training.steps = 3
      training.poolSize = 200
      let digests = try ["a", "b"].map { name in
        try training.run(to: "\(folder)/\(name)", context: RunContext())
        return try Checkpoint.read("\(folder)/\(name)").weights.digest()
      }
      training.seed = 1
      try training.run(to: folder + "/c", context: RunContext())
      #expect(digests[0] == digests[1])
      #expect(try Checkpoint.read(folder + "/c").weights.digest() != digests[0])
    }
  }

  @Test func theShippedModelIsOfTheRecipesArchitecture() throws {
    let shipped = try ModelLocation.read("builtin:mini")
    #expect(shipped.architecture == MiniCLIP.architecture(for: try MiniCLIP.tokenizer()))
    #expect(try ModelLocation.ownPrompts(of: shipped)?.templates == MiniCLIP.prompts)
    for word in MiniDomains.vocabulary {
      #expect(try shipped.tokenizer().tokens(of: word).count == 3, "\(word)")
    }
  }

  @Test func aStopLeavesNoModel() throws {
    try withTemporaryFolder { folder in
      var training = Pretraining()
      training.poolSize = 200
      let context = RunContext()
      context.stop.request(signal: 2)
      expectProblem(.interrupted) { try training.run(to: folder + "/mini", context: context) }
      expectProblem(.missingInput) { try Checkpoint.read(folder + "/mini") }
    }
  }

  private static func zeroShotAccuracy(of model: String, cache: String) throws -> Double {
    let root = try MiniDomains.open(cache: cache, perClass: 20)
    let data = try DatasetSpecifier.parse("domainnet:\(root)/clipart").open(for: .evaluation)
    let checkpoint = try Checkpoint.read(model)
    let classifier = try ImageClassifier(zeroShot: checkpoint, classes: data[0].classes)
    let set = try EvaluationSet(data[0], role: .general, classes: data[0].classes)
    let evaluator = Evaluator(preprocessing: try StudyMaterials.preprocessing(of: checkpoint))
    return try evaluator.predictions(of: classifier, on: set).top1
  }
}
