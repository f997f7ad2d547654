import Basics
import FeatureProtection
import Foundation
import Reporting

/// A comparison from its configuration to its run folder and its table.
struct StudyRun {
  let configuration: StudyConfiguration
  let folder: String
  let talk: TalkOptions
  /// Say where the time went.
  var profiles = false
  /// Print every row, and not the table of a comparison.
  var listsRows = false

  /// Runs it and prints its results.
  func run() throws {
    let session = try Session(talk)
    let recorder = RunRecorder(folder: folder)
    let context = try session.context(
      device: configuration.device, threads: configuration.threads,
      precision: configuration.precision, exact: configuration.isExact,
      skipBad: configuration.skipsBadImages, profiles: profiles
    ) { event in try Self.record(event, recorder) }
    do {
      let materials = try StudyMaterials(configuration, context)
      try recorder.begin(
        configuration: configuration.tree, environment: RunEnvironment.describe(context))
      let study = Study(
        configuration, materials, output: recorder.workingFolder, context: context)
      let rows = try study.run()
      let profile = context.ledger?.profile
      if let profile { try recorder.log(profile.json) }
      try recorder.finish(title: configuration.name)
      let text = ResultText(rows)
      try session.print(
        listsRows
          ? text.list(talk.format, title: "method", settings: Self.settings(of: rows))
          : text.comparison(talk.format))
      session.say(profile)
      session.terminal.say("Saved in \(folder); open \(folder)/report.html")
    } catch {
      session.terminal.clear()
      throw Self.saving(error, recorder, title: configuration.name)
    }
  }

  private static func record(_ event: RunEvent, _ recorder: RunRecorder) throws {
    switch event {
    case .saved(let path):
      // Files move there when the run is complete.
      let place = path.replacingOccurrences(of: recorder.workingFolder, with: recorder.folder)
      if let json = RunEvent.saved(place).json { try recorder.log(json) }
      return
    case .measured(let row):
      try recorder.add(row)
    case .observed(let row, let step):
      let curve = curve(row.method, row.seed, row.setting)
      try recorder.scalar("observed/\(row.set)/\(row.metric)", row.value, step: step, of: curve)
    case .step(let step):
      let curve = curve(step.method, step.seed, step.setting)
      try recorder.scalar("train/loss", step.loss, step: step.step, of: curve)
      try recorder.scalar("train/cross_entropy", step.crossEntropy, step: step.step, of: curve)
      try recorder.scalar("train/lr", step.rate, step: step.step, of: curve)
      try recorder.scalar("train/gradient_norm", step.gradientNorm, step: step.step, of: curve)
    default: break
    }
    if let json = event.json { try recorder.log(json) }
  }

  /// The name of a training in TensorBoard.
  private static func curve(_ method: String, _ seed: Int, _ setting: [String: JSONValue]) -> String
  {
    let settings = setting.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text())" }
    return (["\(method)-seed\(seed)"] + settings).joined(separator: " ")
  }

  /// The settings in which rows differ.
  private static func settings(of rows: [ResultRow]) -> [String] {
    Set(rows.flatMap(\.setting.keys)).sorted()
  }

  /// Saves what was measured before an error, and says so in the error of a stopped run.
  private static func saving(
    _ error: any Error, _ recorder: RunRecorder, title: String
  ) -> any Error {
    let stopped = error as? HoldfastError
    let isStop = stopped?.kind == .interrupted || stopped?.kind == .terminated
    let note = isStop ? "This run was stopped before its end." : "This run failed before its end."
    let remains = try? recorder.abandon(title: title, note: note)
    guard isStop, var stopped else { return error }
    guard let remains else {
      stopped.remedy = "Nothing was measured yet, and nothing was written."
      return stopped
    }
    stopped.remedy =
      "Saved \(remains.results) results and every event so far in \(remains.folder)"
      + (remains.keptEarlier
        ? "; the earlier results in \(recorder.folder) are as they were." : ".")
    return stopped
  }
}
