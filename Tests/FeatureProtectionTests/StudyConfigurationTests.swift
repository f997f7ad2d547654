import Basics
import FeatureProtection
import Images
import TestSupport
import Testing

/// The configuration of a comparison: defaults, checks, and what methods see of it.
@Suite struct StudyConfigurationTests {
  @Test func defaultsAreTheRecipeOfWiSEFT() throws {
    let settings = TrainingSettings()
    #expect(settings.rate == 3e-5 && settings.headRate == nil)
    #expect(settings.weightDecay == 0.1 && settings.betas == (0.9, 0.999))
    #expect(settings.epsilon == 1e-8 && settings.warmupSteps == 500)
    #expect(settings.epochs == 10 && settings.steps == nil && settings.batchSize == 512)
    #expect(settings.clipNorm == 1 && settings.labelSmoothing == 0)
    #expect(settings.isShuffled && settings.augmentation == .randomResizedCrop)
    #expect(try TrainingSettings(values: settings.values) == settings)
    #expect(try TrainingSettings(values: [:]) == settings)
    #expect(settings.stepCount(images: 1025) == 30)

    let configuration = try StudyConfiguration()
    #expect(configuration.model == "builtin:mini" && configuration.head == "zero-shot")
    #expect(try configuration.seeds == [0])
    #expect(configuration.methodNames == MethodTable.compared)
    #expect(configuration.validationFraction == 0.1 && configuration.evaluationBatchSize == 128)
    #expect(configuration.savesCheckpoints && !configuration.skipsBadImages)
    #expect(configuration.prompts == nil && configuration.classesFile == nil)
    for name in MethodTable.names {
      let variants = try configuration.variants(of: name)
      #expect(variants.count == 1 && variants[0].setting.isEmpty)
      #expect(variants[0].training == settings)
    }
  }

  @Test func aMethodMayHaveItsOwnValues() throws {
    let configuration = try StudyConfiguration([
      .object([
        "lr": .number(1e-4), "steps": .integer(50), "kd": .object(["lr": .number(1e-3)]),
        "l1": .object(["epochs": .integer(2)]),
        "l2": .object(["epochs": .integer(2), "steps": .integer(7)]),
      ])
    ])
    func training(_ name: String) throws -> TrainingSettings {
      try configuration.variants(of: name)[0].training
    }
    #expect(try training("full").rate == 1e-4 && training("kd").rate == 1e-3)
    #expect(try training("full").steps == 50 && training("kd").steps == 50)
    // Its own epochs count more than everyone's steps.
    #expect(try training("l1").steps == nil && training("l1").epochs == 2)
    #expect(try training("l2").steps == 7)
  }

  @Test func seedsAreANumberOrAList() throws {
    func seeds(_ value: JSONValue) throws -> [Int] {
      try StudyConfiguration([.object(["seeds": value])]).seeds
    }
    #expect(try seeds(.integer(3)) == [0, 1, 2])
    #expect(try seeds(.array([.integer(7), .integer(-1)])) == [7, -1])
    for bad: JSONValue in [
      .integer(0), .integer(-2), .integer(1_000_000), .array([]), .string("3"), .null,
      .array([.integer(1), .string("b")]), .array([.integer(1), .integer(1)]), .number(1.5),
    ] {
      expectProblem(.usage, containing: "seeds is") { try seeds(bad) }
    }
  }

  @Test func dataMayBeOneNameOrAList() throws {
    let configuration = try StudyConfiguration([
      .object([
        "data": .object([
          "train": .string("a"), "id": .string("b"), "ood": .array([.string("c"), .string("d")]),
          "validation": .string("e"),
        ])
      ])
    ])
    #expect(configuration.trainData == "a")
    #expect(configuration.evaluationData(.inDistribution) == ["b"])
    #expect(configuration.evaluationData(.outOfDistribution) == ["c", "d"])
    #expect(configuration.evaluationData(.general).isEmpty)
    #expect(configuration.evaluationData(.validation) == ["e"])
  }

  static let bad: [(String, JSONValue, String)] = [
    ("lr", .string("fast"), "lr is \"fast\""),
    ("lr", .integer(-1), "lr is -1"),
    ("lr", .array([.integer(1)]), "lr is [1]"),
    ("head-lr", .bool(true), "head-lr is true"),
    ("weight-decay", .integer(-1), "weight-decay"),
    ("betas", .array([.number(0.9)]), "betas is [0.9]"),
    ("betas", .array([.number(0.9), .integer(1)]), "betas"),
    ("eps", .integer(2), "eps is 2"),
    ("warmup-steps", .number(0.5), "warmup-steps is 0.5"),
    ("epochs", .integer(0), "epochs is 0"),
    ("steps", .integer(-1), "steps is -1"),
    ("batch-size", .integer(0), "batch-size is 0"),
    ("batch-size", .number(1e12), "batch-size"),
    ("label-smoothing", .integer(2), "label-smoothing is 2"),
    ("order", .string("random"), "order is \"random\""),
    ("augment", .string("crop"), "augment is \"crop\""),
    ("precision", .string("fp16"), "precision is \"fp16\""),
    ("exact", .string("yes"), "exact is \"yes\""),
    ("evaluation-batch-size", .integer(0), "evaluation-batch-size is 0"),
    ("checkpoints", .string("no"), "checkpoints is \"no\""),
    ("skip-bad", .integer(1), "skip-bad is 1"),
    ("threads", .integer(-1), "threads is -1"),
    ("model", .integer(5), "model is 5"),
    ("prompts", .array([]), "prompts is []"),
    ("methods", .string("full"), "methods is \"full\""),
    ("methods", .array([]), "methods names none"),
    ("methods", .null, "methods names none"),
    ("methods", .array([.string("full"), .integer(1)]), "methods is"),
    ("methods", .array([.string("full"), .string("full")]), "methods is"),
    ("data", .object(["id": .integer(5)]), "data.id is 5"),
    ("data", .object(["ood": .array([.integer(5)])]), "data.ood is [5]"),
    ("data", .object(["train": .array([])]), "data.train is []"),
    ("data", .object(["validation-fraction": .number(0.9)]), "data.validation-fraction is 0.9"),
    ("kd", .object(["lr": .string("x")]), "kd.lr is \"x\""),
    ("kd", .object(["strength": .integer(-1)]), "kd.strength is -1"),
    ("kd", .object(["temperature": .integer(0)]), "kd.temperature is 0"),
    ("kd", .object(["on": .string("weights")]), "kd.on is \"weights\""),
    ("l1", .object(["include": .integer(1)]), "l1.include is 1"),
    ("l2", .object(["strength": .array([])]), "l2.strength is an empty list"),
    ("lora", .object(["rank": .integer(0)]), "lora.rank is 0"),
    ("lora", .object(["rank": .integer(1_000_000)]), "lora.rank"),
    ("lora", .object(["targets": .array([])]), "lora.targets is []"),
    ("lora", .object(["targets": .array([.string("q_prj")])]), "there is no q_prj"),
    ("wise-ft", .object(["alpha": .string("all")]), "wise-ft.alpha is \"all\""),
    ("wise-ft", .object(["of": .string("wise-ft")]), "wise-ft.of is \"wise-ft\""),
    ("wise-ft", .object(["of": .string("zero-shot")]), "wise-ft.of is \"zero-shot\""),
    ("wise-ft", .object(["of": .string("l3")]), "there is no method l3"),
  ]

  @Test(arguments: bad.indices) func aBadValueNamesItsKey(_ index: Int) {
    let (key, value, words) = Self.bad[index]
    expectProblem(.usage, containing: words) {
      try StudyConfiguration([.object([key: value])])
    }
  }

  @Test func theMethodBehindAPathIsCheckedToo() {
    expectProblem(.usage, containing: "l2.strength is \"much\"") {
      try StudyConfiguration([
        .object([
          "methods": .array([.string("wise-ft")]), "wise-ft": .object(["of": .string("l2")]),
          "l2": .object(["strength": .string("much")]),
        ])
      ])
    }
  }

  @Test func anUnknownMethodNamesTheNearest() {
    let error = expectProblem(.usage, containing: "there is no method linear-prob") {
      try StudyConfiguration([.object(["methods": .array([.string("linear-prob")])])])
    }
    #expect(error?.remedy.contains("Did you mean linear-probe?") == true)
    let key = expectProblem(.usage, containing: "there is no setting kd.temprature") {
      try StudyConfiguration([.object(["kd": .object(["temprature": .integer(1)])])])
    }
    #expect(key?.remedy.contains("kd.temperature") == true)
  }

  @Test func listsOfASettingAreVariants() throws {
    let configuration = try StudyConfiguration([
      .object([
        "l2": .object([
          "strength": .array([.integer(1), .integer(2)]),
          "lr": .array([.number(1e-3), .number(1e-4)]),
          "include": .array([.string("a"), .string("b")]),
        ]),
        "lora": .object(["alpha": .array([.integer(4), .integer(8)])]),
        "full": .object(["betas": .array([.number(0.8), .number(0.9)])]),
        "wise-ft": .object(["alpha": .array([.integer(0), .integer(1)])]),
      ])
    ])
    let l2 = try configuration.variants(of: "l2")
    #expect(l2.count == 4)
    #expect(
      Set(l2.map(\.setting)) == [
        ["l2.strength": .integer(1), "l2.lr": .number(1e-3)],
        ["l2.strength": .integer(1), "l2.lr": .number(1e-4)],
        ["l2.strength": .integer(2), "l2.lr": .number(1e-3)],
        ["l2.strength": .integer(2), "l2.lr": .number(1e-4)],
      ])
    for variant in l2 {
      #expect(variant.ownSettings.values["strength"] == variant.setting["l2.strength"])
      #expect(variant.training.rate == variant.setting["l2.lr"]?.double)
      #expect(variant.ownSettings.values["include"]?.array?.count == 2)
    }
    #expect(
      try configuration.variants(of: "lora").map(\.setting) == [
        ["lora.alpha": .integer(4)], ["lora.alpha": .integer(8)],
      ])
    let full = try configuration.variants(of: "full")
    #expect(full.count == 1 && full[0].training.betas == (0.8, 0.9))
    #expect(try configuration.variants(of: "wise-ft").count == 1)
  }
}
