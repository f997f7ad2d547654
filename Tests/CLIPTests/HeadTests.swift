import Basics
import CLIP
import Foundation
import TestSupport
import Testing
import Torch

/// Classifiers over features, their files, and the one that is made from prompts.
@Suite struct HeadTests {
  @Test func aFileKeepsNumbersAndNames() throws {
    let names = [#"it's "quoted""#, "naïve café 🦉", "back\\slash\nand line", "", "é", "e\u{301}"]
    let head = try ClassificationHead(
      weight: .random(6, 5, key: 1), bias: .random(6, key: 2), classes: names)
    try withTemporaryFolder { folder in
      try head.write("\(folder)/head.safetensors")
      let read = try ClassificationHead.read("\(folder)/head.safetensors")
      #expect(read.classes.map { Array($0.utf8) } == names.map { Array($0.utf8) })
      try expectSameBits(read.weight, head.weight)
      try expectSameBits(read.bias, head.bias)
    }
  }

  @Test(arguments: [nil, "", "no list", #"{"a": 1}"#, "[1, 2]", #"["a"]"#, #"["a", "b", "c"]"#])
  func damagedMetadataIsAnError(_ classes: String?) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/head.safetensors"
      try SafetensorsFile.write(
        [("weight", .random(2, 5, key: 1)), ("bias", .random(2, key: 2))],
        metadata: classes.map { ["classes": $0] } ?? [:], to: path)
      let error = expectProblem(.badData, containing: path) { try ClassificationHead.read(path) }
      #expect(error?.problem.ranges(of: path).count == 1)
    }
  }

  @Test func aHeadWithoutItsTensorsIsAnError() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/head.safetensors"
      try SafetensorsFile.write(
        [("weight", .random(1, 5, key: 1))], metadata: ["classes": #"["a"]"#], to: path)
      let error = expectProblem(.badData, containing: path, "bias") {
        try ClassificationHead.read(path)
      }
      #expect(error?.problem.ranges(of: path).count == 1)
      expectProblem(.missingInput, containing: "\(folder)/none") {
        try ClassificationHead.read("\(folder)/none")
      }
    }
    expectProblem(.badData, containing: "2 classes") {
      try ClassificationHead(
        weight: .random(3, 5, key: 1), bias: .random(2, key: 2), classes: ["a", "b"])
    }
  }

  @Test func logitsAreThoseOfALoopOverNormalisedFeatures() throws {
    let weight = randomNumbers(2 * 4, key: 1)
    let bias = randomNumbers(2, key: 2)
    let features = randomNumbers(3 * 4, key: 3)
    let head = try ClassificationHead(
      weight: Tensor(weight, shape: [2, 4]), bias: Tensor(bias), classes: ["a", "b"])
    let logits = try head(Tensor(features, shape: [3, 4])).elements(as: Float.self)
    var expected: [Double] = []
    for row in 0..<3 {
      let feature = features[row * 4..<row * 4 + 4].map(Double.init)
      let norm = feature.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for label in 0..<2 {
        let products = zip(feature, weight[label * 4..<label * 4 + 4]).map {
          $0 / norm * Double($1)
        }
        expected.append(products.reduce(Double(bias[label]), +))
      }
    }
    expectClose(logits, expected, relative: 1e-5, absolute: 1e-6)
  }

  @Test func theZeroShotHeadIsTheMeanOfNormalisedPrompts() throws {
    let model = try Checkpoint.read(tinyFolder)
    let names = ["owl", "maple leaf", "red kite", "cat"]
    let prompts = try PromptSet(templates: ["a photo of a {}.", "{}", "the {} photo"])
    var calls: [Int] = []
    let head = try ClassificationHead.zeroShot(
      model, classes: names, prompts: prompts.prompts(for:)
    ) { done, total in
      #expect(total == 12)
      calls.append(done)
    }
    #expect(calls.last == 12)
    #expect(head.classes == names)
    #expect(try head.bias.elements(as: Float.self) == [0, 0, 0, 0])

    let tokenizer = try model.tokenizer()
    let tower = try TextTower(model.architecture, model.weights)
    let scale = try exp(model.weights.tensor("logit_scale").item())
    for (label, name) in names.enumerated() {
      var sum = [Double](repeating: 0, count: 24)
      for text in prompts.prompts(for: name) {
        let feature = try tower([tokenizer.tokens(of: text)]).normalized().elements(as: Float.self)
        for (index, value) in feature.enumerated() { sum[index] += Double(value) }
      }
      let norm = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let row = try head.weight.narrowed(from: label, count: 1).elements(as: Float.self)
      expectClose(row, sum.map { $0 / norm * scale }, relative: 1e-5, absolute: 1e-5)
    }
  }

  @Test func classesWithoutPromptsAreAnError() throws {
    let model = try Checkpoint.read(tinyFolder)
    expectProblem(.usage, containing: "no classes") {
      try ClassificationHead.zeroShot(model, classes: [], prompts: { [$0] })
    }
    expectProblem(.usage, containing: "'owl'", "no prompts") {
      try ClassificationHead.zeroShot(
        model, classes: ["cat", "owl"], prompts: { $0 == "owl" ? [] : [$0] })
    }
  }
}
