import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The look at a few images of each set before a run.
  @Suite struct CheckTests {
    @Test func setsAreLookedAtFirstUnlessToldNot() throws {
      let arguments = [
        "evaluate", "--model", Tiny.model, "--data", Tiny.images, "--prompts", Tiny.prompts,
      ]
      let checked = try Program.run(arguments)
      #expect(checked.errors.contains("Zero-shot on 9 images of images: "))
      #expect(checked.errors.contains("the label is the rank of the class folder's name"))
      let plain = try Program.run(arguments + ["--no-check"])
      #expect(!plain.errors.contains("Zero-shot on") && plain.output == checked.output)
    }

    /// A folder of 20 classes, which a model of random weights cannot tell apart.
    private static func manyClasses(in folder: String) throws -> String {
      let files = FileManager.default
      let sources = ["test/owl", "train/owl", "test/red_kite", "train/red_kite"]
      let images = try sources.flatMap { source in
        try files.contentsOfDirectory(atPath: "\(Tiny.images)/\(source)").sorted()
          .map { "\(Tiny.images)/\(source)/\($0)" }
      }
      for (label, image) in images.prefix(20).enumerated() {
        let place = "\(folder)/many/thing \(label)"
        try files.createDirectory(atPath: place, withIntermediateDirectories: true)
        for copy in 0..<10 {
          try files.copyItem(
            atPath: image, toPath: "\(place)/\(copy).\((image as NSString).pathExtension)")
        }
      }
      return "\(folder)/many"
    }

    @Test func onesOwnDataStopARunToo() throws {
      try withTemporaryFolder { folder in
        let data = try Self.manyClasses(in: folder)
        let more = ["--data", data, "--prompts", Tiny.prompts, "--quiet"]
        let commands = [
          ["evaluate", "--model", Tiny.model], ["sweep", "--from", Tiny.model, "--to", Tiny.model],
          ["train", "--model", Tiny.model, "--method", "full", "--out", "\(folder)/run"],
        ]
        for command in commands {
          try fail(
            .badData, containing: "Zero-shot on 200 images of many", "go on with --no-check.",
            arguments: command + more)
        }
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/run"))
        let outcome = try Program.run(commands[0] + more + ["--no-check"])
        #expect(outcome.status == 0 && outcome.errors == "")
      }
    }
  }
}
