import Basics
import Benchmarks
import CLIP
import FeatureProtection
import Foundation
import TestSupport
import Testing
import Torch

/// What a comparison reads before it computes: splits, names, heads.
@Suite struct StudyMaterialsTests {
  private func materials(_ changes: [String: JSONValue] = [:]) throws -> StudyMaterials {
    try TinyStudy.materials(TinyStudy.configuration(changes))
  }

  private func data(_ changes: [String: JSONValue]) throws -> StudyMaterials {
    try materials(["data": .object(changes)])
  }

  @Test func validationIsHeldOutOfEachClass() throws {
    let read = try materials()
    let train = read.trainingSet.dataset
    let held = try #require(read.evaluationSets.first)
    #expect(held.role == .validation && held.name == "images#held-out")
    #expect(train.countsPerClass == [7, 8, 6] && held.dataset.countsPerClass == [2, 2, 1])
    let all = try DatasetSpecifier.parse(TinyStudy.images).open(for: .training)[0].samples
    #expect(Set(train.samples).isDisjoint(with: held.dataset.samples))
    #expect(Set(train.samples).union(held.dataset.samples) == Set(all))
    let again = try materials(["seeds": .array([.integer(9)])])
    #expect(again.evaluationSets[0].dataset.samples == held.dataset.samples)
    let none = try data(["validation-fraction": .integer(0)])
    #expect(none.trainingSet.count == 26)
    #expect(!none.evaluationSets.contains { $0.role == .validation })
  }

  @Test func theDataSetsOwnSplitIsTakenForValidation() throws {
    try withTemporaryFolder { folder in
      try TinyStudy.copyImages(
        to: "\(folder)/set", splits: ["train": "train", "val": "test", "test": "test"])
      for name in ["\(folder)/set", "\(folder)/set#train"] {
        let read = try data(["train": .string(name)])
        #expect(read.trainingSet.count == 26)
        #expect(read.evaluationSets[0].name == "set#val")
        #expect(read.evaluationSets[0].dataset.samples.count == 9)
      }
      // Whoever trains on the validation split needs other images to validate on.
      for (name, count) in [("\(folder)/set#val", 9), ("\(folder)/set#all", 44)] {
        let read = try data(["train": .string(name)])
        let held = read.evaluationSets[0].dataset.samples
        #expect(read.evaluationSets[0].name == "set#held-out" && !held.isEmpty || count == 9)
        #expect(Set(held).isDisjoint(with: read.trainingSet.dataset.samples))
      }
      let named = try data(["validation": .string("\(folder)/set")])
      #expect(named.evaluationSets[0].name == "set#val" && named.trainingSet.count == 26)
      let forced = try data(["validation": .string("\(folder)/set#test")])
      #expect(forced.evaluationSets[0].name == "set#test")
    }
  }

  @Test func namesMayComeFromAFile() throws {
    try withTemporaryFolder { folder in
      let file = "\(folder)/names.txt"
      try AtomicFile.write("acer leaf\nbarn owl\nmilan\n", to: file)
      let read = try materials(["classes": .string(file)])
      #expect(read.reference.classes == ["acer leaf", "barn owl", "milan"])
      #expect(read.trainingSet.dataset.classes == read.reference.classes)
      for set in read.evaluationSets { #expect(set.dataset.classes == read.reference.classes) }
      let plain = try materials()
      #expect(plain.reference.classes == ["maple leaf", "owl", "red kite"])
      #expect(try plain.reference.weights.digest() != read.reference.weights.digest())
      try AtomicFile.write("a\nb\n", to: file)
      expectProblem(.badData, containing: file, "2 class names", "3 classes") {
        try materials(["classes": .string(file)])
      }
    }
  }

  @Test func aFileTellsClassesOfOneNameApart() throws {
    try withTemporaryFolder { folder in
      // Two classes are both called "crane", as in ImageNet.
      var table = "path,label,name,split\n"
      for (label, name) in ["crane", "owl", "crane"].enumerated() {
        let source = ["maple_leaf", "owl", "red_kite"][label]
        for split in ["train", "test"] {
          let path = "\(TinyStudy.images)/\(split)/\(source)/00.png"
          table += "\(path),\(label),\(name),\(split)\n"
        }
      }
      try AtomicFile.write(table, to: "\(folder)/set.csv")
      try AtomicFile.write("crane bird\nowl\ncrane machine\n", to: "\(folder)/names.txt")
      let read = try materials([
        "classes": .string("\(folder)/names.txt"),
        "data": .object([
          "train": .string("\(folder)/set.csv"), "id": .array([.string("\(folder)/set.csv")]),
          "ood": .array([]),
        ]),
      ])
      #expect(read.reference.classes == ["crane bird", "owl", "crane machine"])
      #expect(read.evaluationSets.last?.dataset.samples.map(\.label).sorted() == [0, 1, 2])
    }
  }

  @Test func aClassThatTheHeadLacksIsNamed() throws {
    try withTemporaryFolder { folder in
      try TinyStudy.copyImages(to: "\(folder)/other", splits: ["test": "test", "train": "train"])
      try FileManager.default.moveItem(
        atPath: "\(folder)/other/test/owl", toPath: "\(folder)/other/test/ostrich")
      expectProblem(.badData, containing: "other", "'ostrich'", "3 classes") {
        try data(["ood": .array([.string("\(folder)/other")])])
      }
    }
  }

  @Test func setsOfOneNameStayApart() throws {
    try withTemporaryFolder { folder in
      let names = ["\(folder)/one/photos", "\(folder)/two/photos"]
      for name in names {
        try TinyStudy.copyImages(to: name, splits: ["test": "test", "train": "train"])
      }
      let read = try data(["ood": .array(names.map(JSONValue.string))])
      #expect(
        read.evaluationSets.map(\.name) == ["images#held-out", "images", "photos", names[1]])
    }
  }

  @Test func otherTasksAreScoredWithTheirOwnHead() throws {
    try withTemporaryFolder { folder in
      try TinyStudy.copyImages(to: "\(folder)/pets", splits: ["test": "test"])
      for (old, new) in [("owl", "cat"), ("red_kite", "dog"), ("maple_leaf", "fish")] {
        try FileManager.default.moveItem(
          atPath: "\(folder)/pets/test/\(old)", toPath: "\(folder)/pets/test/\(new)")
      }
      let changes: JSONValue = .object(["general": .array([.string("\(folder)/pets")])])
      let study = try TinyStudy.study([
        "data": changes, "methods": .array([.string("zero-shot"), .string("full")]),
      ])
      let set = try #require(study.materials.evaluationSets.last)
      let head = try #require(set.ownHead)
      #expect(set.role == .general && head.classes == ["cat", "dog", "fish"])
      let prompts = try StudyMaterials.prompts(
        study.configuration.prompts, for: study.materials.checkpoint)
      let expected = try ClassificationHead.zeroShot(
        study.materials.checkpoint, classes: head.classes, prompts: prompts.prompts(for:))
      #expect(
        try head.weight.elements(as: Float.self) == expected.weight.elements(as: Float.self))

      let rows = try study.run().filter { $0.role == .general }
      #expect(rows.map(\.method) == ["zero-shot", "full"] && rows.allSatisfy { $0.n == 9 })
      // By hand: the tower's features through the set's own head.
      let paths = set.dataset.samples.map { set.dataset.path(of: $0) }
      let pixels = try plainPixels(paths, study.materials.preprocessing)
      let reference = study.materials.reference
      let answers = try head(
        VisionTower(reference.architecture, reference.weights)(pixels)
      ).argmax().elements(as: Int64.self)
      let right = zip(answers, set.dataset.samples.map(\.label)).count { Int($0) == $1 }
      #expect(rows[0].value == Double(right) / 9)
    }
  }

  @Test func promptsHaveNamesFilesAndDefaults() throws {
    var checkpoint = try Checkpoint.read(TinyStudy.model)
    #expect(try StudyMaterials.prompts("openai-80", for: checkpoint).templates.count == 80)
    #expect(try StudyMaterials.prompts("openai-7", for: checkpoint).templates.count == 7)
    #expect(try StudyMaterials.prompts("simple", for: checkpoint) == .simple)
    #expect(try StudyMaterials.prompts(nil, for: checkpoint) == .openAI80)
    expectProblem(.missingInput, containing: "no/such.txt") {
      try StudyMaterials.prompts("no/such.txt", for: checkpoint)
    }
    try withTemporaryFolder { folder in
      try AtomicFile.write("one {}\n", to: "\(folder)/prompts.txt")
      checkpoint.folder = folder
      #expect(try StudyMaterials.prompts(nil, for: checkpoint).templates == ["one {}"])
    }
  }

  @Test func aHeadFileMustFitTheClasses() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/head.safetensors"
      func write(_ classes: [String]) throws {
        try ClassificationHead(
          weight: .random(3, 24, key: 1), bias: .random(3, key: 2), classes: classes
        ).write(path)
      }
      try write(["maple leaf", "owl", "red kite"])
      let read = try materials(["head": .string(path)])
      #expect(
        try read.reference.head().bias.elements(as: Float.self) == randomNumbers(3, key: 2))
      try write(["maple leaf", "red kite", "owl"])
      expectProblem(.badData, containing: path) { try materials(["head": .string(path)]) }
    }
  }

  @Test func whatIsMissingIsNamed() throws {
    expectProblem(.usage, containing: "no training data") { try data(["train": .string("")]) }
    expectProblem(.missingInput, containing: "/no/such") {
      try data(["train": .string("/no/such")])
    }
    expectProblem(.usage, containing: "no model") { try materials(["model": .string("")]) }
    expectProblem(.usage, containing: "builtin:maxi") {
      try materials(["model": .string("builtin:maxi")])
    }
    expectProblem(.missingInput, containing: "/no/model") {
      try materials(["model": .string("/no/model")])
    }
    #expect(FileManager.default.fileExists(atPath: try ModelLocation.builtinFolder()))
  }

  @Test func thePreprocessorMustFitTheModel() throws {
    var checkpoint = try Checkpoint.read(TinyStudy.model)
    #expect(try StudyMaterials.preprocessing(of: checkpoint).cropSize == 32)
    checkpoint.files["preprocessor_config.json"] = nil
    #expect(try StudyMaterials.preprocessing(of: checkpoint) == .init(imageSize: 32))
    checkpoint.files["preprocessor_config.json"] = Data(#"{"size": 64, "crop_size": 64}"#.utf8)
    expectProblem(.badData, containing: "crops to 64", "config.json says 32") {
      try StudyMaterials.preprocessing(of: checkpoint)
    }
  }
}
