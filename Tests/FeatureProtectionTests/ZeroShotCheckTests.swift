import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// The look at a few images before a run: when it stops, warns or is silent, and what it suspects.
@Suite struct ZeroShotCheckTests {
  /// The 35 training and test images, each a class of its own, six times over.
  private static func dataset(
    copies: Int = 6, _ change: (inout Dataset) -> Void = { _ in }
  ) throws -> Dataset {
    let files = try ["test", "train"].flatMap { split in
      try DatasetSpecifier.parse("\(TinyStudy.images)#\(split)").open(for: .evaluation)[0].samples
    }
    let samples = files.enumerated().flatMap { label, sample in
      (0..<copies).map { _ in Dataset.Sample(path: sample.path, label: label) }
    }
    var data = Dataset(
      name: "pictures", kind: "pictures", rule: "r", split: "test", root: TinyStudy.images,
      classes: files.indices.map { "thing \($0) of many" }, samples: samples,
      expectedImages: samples.count)
    change(&data)
    return data
  }

  /// A classifier that knows the 35 images: its rows are their features.
  private static func knowing(
    _ change: (inout ClassificationHead) throws -> Void = { _ in }
  ) throws -> ImageClassifier {
    let data = try dataset(copies: 1)
    let (reference, training) = try TrajectoryTests.start()
    let byLabel = data.samples.sorted { $0.label < $1.label }
    let pixels = try plainPixels(byLabel.map { data.path(of: $0) }, training.preprocessing)
    let output = try ClassifierOutput(reference.architecture, reference.weights, pixels: pixels)
    var head = try ClassificationHead(
      weight: output.features, bias: Tensor.zeros([35]), classes: data.classes)
    try change(&head)
    return try ImageClassifier(Checkpoint.read(TinyStudy.model), head: head)
  }

  /// Runs the check, and returns what was said.
  private func check(
    _ data: Dataset, _ classifier: ImageClassifier, skipBad: Bool = false
  ) throws -> [RunEvent] {
    let log = EventLog()
    var context = log.context()
    context.skipBad = skipBad
    let preprocessing = try TrajectoryTests.start().1.preprocessing
    let check = ZeroShotCheck(preprocessing: preprocessing, context: context)
    try check(
      EvaluationSet(data, role: .general, classes: data.headClasses),
      ImageClassifier(
        architecture: classifier.architecture, weights: classifier.weights,
        classes: data.headClasses))
    return log.events.filter { if case .progress = $0 { false } else { true } }
  }

  @Test func aModelThatKnowsTheImagesPasses() throws {
    let events = try check(Self.dataset(), Self.knowing())
    guard case .stage(let text)? = events.first, events.count == 1 else {
      Issue.record("\(events)")
      return
    }
    #expect(text == "Zero-shot on 200 images of pictures: 100.0 % right (chance 2.9 %)")
  }

  @Test func labelsInAnotherOrderAreSeen() throws {
    let shifted = try Self.dataset { data in
      for index in data.samples.indices {
        data.samples[index].label = (data.samples[index].label + 1) % 35
      }
    }
    let error = expectProblem(
      .badData, containing: "pictures: 0.0 % right (chance 2.9 %)", "another order",
      "images labelled 'thing 0 of many' are mostly seen as 'thing 34 of many'"
    ) { try check(shifted, Self.knowing()) }
    #expect(error?.remedy.contains("--no-check") == true)
    #expect(error?.remedy.contains("data inspect") == true)
  }

  @Test func oneAnswerForEverythingPointsAtTheModel() throws {
    let broken = try Self.knowing { head in
      head.bias = try Tensor((0..<35).map { $0 == 7 ? Float(50) : 0 })
    }
    let error = expectProblem(
      .badData, containing: "100 % of the answers are 'thing 7 of many'", "QuickGELU"
    ) { try check(Self.dataset(), broken) }
    #expect(error?.remedy.hasPrefix("Check that the model's files belong together") == true)
  }

  @Test(arguments: [["n0144", "764"], ["12", "7"]])
  func codesForNamesAreSeen(_ codes: [String]) throws {
    let data = try Self.dataset { data in
      data.classes = data.classes.indices.map { "\(codes[0])\($0)" }
      for index in data.samples.indices {
        data.samples[index].label = 34 - data.samples[index].label
      }
    }
    let error = expectProblem(.badData, containing: "codes such as '\(codes[0])0'") {
      try check(data, Self.knowing())
    }
    #expect(error?.remedy.contains("--classes") == true)
  }

  @Test func confusionWithoutPatternLeavesTheQuestionOpen() throws {
    // Each copy of an image gets another label, so that no class has a majority.
    let data = try Self.dataset { data in
      for index in data.samples.indices {
        data.samples[index].label = (data.samples[index].label + 1 + index % 6 * 5) % 35
      }
    }
    expectProblem(.badData, containing: "prompts or class names do not suit") {
      try check(data, Self.knowing())
    }
  }

  /// What becomes of a run on a set whose labels are in another order.
  enum Outcome { case stops, warns, goesOn }

  struct Case: CustomTestStringConvertible {
    var name: String
    var outcome: Outcome
    var classes = 35
    var images = 200
    var isPublished = false
    var change: @Sendable (inout Dataset) -> Void = { _ in }

    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "a complete copy", outcome: .stops, isPublished: true),
    Case(name: "a complete copy of few classes", outcome: .stops, classes: 19, isPublished: true),
    Case(name: "a complete copy, few images", outcome: .warns, images: 199, isPublished: true),
    Case(name: "an incomplete copy", outcome: .warns, isPublished: true) {
      $0.conditions["missing"] = .integer(3)
    },
    Case(name: "a list that lacks images", outcome: .warns) {
      $0.conditions["missing"] = .integer(3)
    },
    Case(name: "the built-in images", outcome: .warns, isPublished: true) {
      $0.kind = "minidomains"
    },
    Case(name: "one's own", outcome: .stops),
    Case(name: "one's own, few images", outcome: .warns, images: 199),
    Case(name: "one's own, just enough classes", outcome: .stops, classes: 20),
    Case(name: "one's own, few classes", outcome: .warns, classes: 19),
    Case(name: "images that say little", outcome: .warns, classes: 10, images: 50),
    Case(name: "images that say nothing", outcome: .goesOn, classes: 10, images: 49),
    Case(
      name: "a copy that says nothing", outcome: .goesOn, classes: 10, images: 49,
      isPublished: true),
  ]

  /// The first classes of the 35 images, as many copies of each as it takes.
  private static func part(classes: Int, images: Int) throws -> Dataset {
    try dataset(copies: (images + classes - 1) / classes) { data in
      data.classMap = ClassMap(
        list: "things", names: data.classes, columns: (0..<classes).map { [$0] })
      data.classes = Array(data.classes.prefix(classes))
      data.samples = Array(data.samples.prefix(images))
    }
  }

  @Test(arguments: cases) func whatIsSureStopsARunAndTheRestIsWarnedOf(_ row: Case) throws {
    var data = try Self.part(classes: row.classes, images: row.images)
    // The middle one of an odd number stays right.
    for index in data.samples.indices {
      data.samples[index].label = row.classes - 1 - data.samples[index].label
    }
    data.expectedImages = row.isPublished ? data.samples.count : nil
    row.change(&data)
    #expect(data.samples.count == row.images)
    guard row.outcome != .stops else {
      let error = expectProblem(.badData, containing: "images of pictures: ", "another order") {
        try check(data, Self.knowing())
      }
      #expect(error?.remedy.hasSuffix("labels, or go on with --no-check.") == true)
      return
    }
    let warnings = try check(data, Self.knowing()).compactMap { event in
      if case .warning(let text) = event { text } else { nil }
    }
    #expect(warnings.count == (row.outcome == .warns ? 1 : 0))
    for text in warnings {
      #expect(text.hasPrefix("Zero-shot on \(row.images) images of pictures: "))
      #expect(text.hasSuffix("correct the labels.") && !text.contains("--no-check"))
    }
  }

  @Test func onesOwnDataAreHeldToFiveTimesChance() throws {
    func data(right: Int) throws -> Dataset {
      var data = try Self.part(classes: 20, images: 200)
      data.expectedImages = nil
      for index in data.samples.indices.dropFirst(right) {
        data.samples[index].label = (data.samples[index].label + 1) % 20
      }
      return data
    }
    #expect(try check(data(right: 50), Self.knowing()).count == 1)
    expectProblem(.badData, containing: "24.5 % right (chance 5.0 %)") {
      try check(data(right: 49), Self.knowing())
    }
  }

  @Test func aSkippedPictureDoesNotLetARunGoOn() throws {
    var data = try Self.part(classes: 20, images: 200)
    data.expectedImages = nil
    for index in data.samples.indices {
      data.samples[index].label = (data.samples[index].label + 1) % 20
    }
    data.samples[3].path = "../../towers/tiny-quickgelu/config.json"
    expectProblem(.badData, containing: "Zero-shot on 199 images") {
      try check(data, Self.knowing(), skipBad: true)
    }
  }

  @Test func withFewClassesChanceIsTested() throws {
    let knowing = try Self.knowing()
    /// Classes of five images; of every five `right` have the right label.
    func grouped(_ right: Int) throws -> Dataset {
      try Self.dataset { data in
        data.classMap = ClassMap(
          list: "things", names: data.classes,
          columns: (0..<7).map { group in (0..<5).map { 5 * group + $0 } })
        data.classes = (0..<7).map { "group \($0)" }
        for index in data.samples.indices {
          let image = data.samples[index].label
          data.samples[index].label = (image / 5 + (image % 5 < right ? 0 : 1)) % 7
        }
      }
    }
    let log = EventLog()
    let check = ZeroShotCheck(
      preprocessing: try TrajectoryTests.start().1.preprocessing, context: log.context())
    func run(_ right: Int) throws {
      let data = try grouped(right)
      try check(EvaluationSet(data, role: .general, classes: data.headClasses), knowing)
    }
    // 40 % is less than five times 1/7, yet no chance.
    try run(2)
    try run(5)
    expectProblem(.badData, containing: "(chance 14.3 %)", "'group 1' are mostly seen as 'group 0'")
    { try run(0) }
    #expect(log.events.allSatisfy { if case .warning = $0 { false } else { true } })
  }

  @Test func aStudyLooksAtEverySetBeforehand() throws {
    let log = EventLog()
    _ = try TinyStudy.materials(TinyStudy.configuration(), log.context())
    let stages = log.events.compactMap { if case .stage(let text) = $0 { text } else { nil } }
    #expect(stages.filter { $0.hasPrefix("Zero-shot on ") }.count == 4)
    #expect(stages.contains { $0.hasPrefix("Training on images: 21 images, 3 classes") })
    #expect(stages.filter { $0.hasPrefix("Measuring on ") }.count == 3)
    let silent = EventLog()
    _ = try TinyStudy.materials(
      TinyStudy.configuration(["check": .bool(false)]), silent.context())
    for event in silent.events {
      if case .stage(let text) = event { #expect(!text.hasPrefix("Zero-shot on")) }
    }
  }
}
