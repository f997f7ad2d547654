import Basics
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `drift`: distances of features and weights, in every format.
  @Suite struct DriftTests {
    private static func arguments(_ to: String, _ more: String...) -> [String] {
      ["drift", "--from", Tiny.model, "--to", to, "--data", Tiny.images, Tiny.images + "#train"]
        + more
    }

    @Test func whatMovedIsSaid() throws {
      try withTemporaryFolder { folder in
        let tuned = try EvaluateTests.tuned(in: folder)
        let outcome = try Program.run(Self.arguments(tuned, "--quiet", "--format", "json"))
        #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
        let result = try outcome.json()
        #expect(result["from"] == .string(Tiny.model) && result["to"] == .string(tuned))
        let sets = result["features"]?.array ?? []
        #expect(sets.compactMap { $0["n"]?.int } == [9, 26])
        for set in sets {
          #expect(set["distance"]?["mean"]?.double ?? 0 > 0)
          #expect(set["unit-distance"]?["ci95"]?.array?.count == 2)
          let (cosine, cka) = (set["cosine"]?["mean"]?.double ?? 2, set["cka"]?.double ?? 2)
          #expect(cosine < 1 && cka > 0 && cka < 1)
        }
        let parts = result["weights"]?.array ?? []
        #expect(parts.first?["name"] == .string("all"))
        #expect(parts.contains { $0["name"] == .string("vision_model.encoder.layers.0") })
        // Fine-tuning leaves the text tower as it is.
        for part in parts where part["name"]?.string?.hasPrefix("text_model") ?? false {
          #expect(part["distance"]?.double == 0)
        }
        let table = try Program.run(Self.arguments(tuned, "--profile"))
        for words in ["features of", "unit distance", "CKA", "weights of", "all ", "layers.0"] {
          #expect(table.output.contains(words), "\(words)")
        }
        #expect(table.errors.contains("Bound by "))
        let rows = try Program.run(Self.arguments(tuned, "--quiet", "--format", "csv"))
          .output.split(whereSeparator: \.isNewline)
        #expect(rows.first == "kind,name,measure,value,low,high,n")
        #expect(rows.count { $0.hasPrefix("features,") } == 8)
        #expect(rows.count { $0.hasPrefix("weights,all,") } == 2)
        let page = try Program.run(Self.arguments(tuned, "--quiet", "--format", "markdown"))
        #expect(page.output.contains("| features of |"))
      }
    }

    @Test func aModelIsAtNoDistanceFromItself() throws {
      let outcome = try Program.run(Self.arguments(Tiny.model, "--quiet", "--format", "json"))
      let sets = try outcome.json()["features"]?.array ?? []
      #expect(sets.count == 2)
      #expect(sets.allSatisfy { $0["distance"]?["mean"]?.double == 0 })
    }

    @Test func imagesThatDoNotDecode() throws {
      try withTemporaryFolder { folder in
        let images = try Tiny.imageCopy(in: folder)
        let victim = images + "/test/owl/01.png"
        try bytes(victim).prefix(200).write(to: URL(fileURLWithPath: victim))
        let arguments = ["drift", "--from", Tiny.model, "--to", Tiny.model, "--data", images]
        try fail(.badData, containing: victim, arguments: arguments + ["--quiet"])
        let outcome = try Program.run(arguments + ["--skip-bad", "--format", "json"])
        #expect(outcome.status == 0 && outcome.errors.contains("1 image was left out"))
        let set = try outcome.json()["features"]?.array?.first
        #expect(set?["n"] == .integer(8) && set?["skipped"] == .integer(1))
      }
    }

    @Test func modelsOfDifferentKinds() throws {
      try fail(
        .badData, containing: "not of one architecture",
        arguments: Self.arguments(Fixtures.path("towers/tiny-gelu"), "--quiet"))
      try fail(
        .missingInput, containing: "nowhere", arguments: Self.arguments("/nowhere", "--quiet"))
    }
  }
}
