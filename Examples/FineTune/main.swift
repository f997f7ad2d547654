// Fine-tunes a CLIP with a protection, then scores the line from where it started to where it ended.
//
//     swift run -c release FineTune [MODEL [TRAINING-DATA [TEST-DATA]]]
//
// A model and data are named as on the command line; the defaults are embedded.
import Benchmarks
import CLIP
import FeatureProtection

let given = CommandLine.arguments.dropFirst() + []
let model = given.first ?? "builtin:mini"
let training = given.dropFirst().first ?? "builtin:minidomains/real"
let testing = given.dropFirst(2).first ?? (given.isEmpty ? "builtin:minidomains/*" : training)

let checkpoint = try ModelLocation.read(model)
let data = try DatasetSpecifier.parse(training).open(for: .training)[0]
let reference = try ImageClassifier(zeroShot: checkpoint, classes: data.classes)
let preprocessing = try StudyMaterials.preprocessing(of: checkpoint)

var settings = TrainingSettings()
settings.rate = 1e-3
settings.batchSize = 64
settings.warmupSteps = 10
settings.epochs = 5
let protection = Distillation(strength: 1, on: .features)
let trainer = Trainer(Recipe(.everything, protections: [protection]), settings: settings)
let tuned = try trainer.train(
  reference, on: TrainingSet(data, preprocessing: preprocessing)
).classifier

let path = try InterpolationPath(from: reference, to: tuned)
let alphas = [0, 0.25, 0.5, 0.75, 1]
let evaluator = Evaluator(preprocessing: preprocessing)
for test in try DatasetSpecifier.parse(testing).open(for: .evaluation) {
  let set = try EvaluationSet(test, role: .inDistribution, classes: reference.classes)
  let results = try evaluator.predictions(of: path.candidates(alphas), on: set)
  for (alpha, result) in zip(alphas, results) {
    print("\(set.name) α \(alpha): \(result.correctCount) of \(result.count) right")
  }
}
