import Basics
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The files of `recipes/`, and configurations that extend others.
  @Suite struct RecipeTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("recipes")
      .path

    private static func names() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        .sorted()
    }

    @Test func everyRecipeResolves() throws {
      let names = try Self.names()
      #expect(names.count >= 20)
      for name in names {
        let outcome = try Program.run(["compare", "\(Self.folder)/\(name)", "--dry-run"])
        // What backbones share names no model, and resolves all the same.
        #expect(outcome.status == 0, "\(name): \(outcome.errors)")
        #expect(outcome.output.contains("methods: ["), "\(name)")
      }
    }

    @Test(arguments: ["imagenet", "domainnet", "wise-ft", "l2-sp", "model-soup"])
    func aRecipeOfABackboneSaysItsCostAndWhatToExpect(family: String) throws {
      for (backbone, model) in [
        ("b-32", "base-patch32"), ("b-16", "base-patch16"), ("l-14", "large-patch14"),
      ] {
        let path = "\(Self.folder)/\(family)-vit-\(backbone).yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for word in ["Cost:", "Expect", "estimate"] { #expect(text.contains(word), "\(path)") }
        let resolved = try Program.run(["compare", path, "--dry-run"]).output
        #expect(resolved.contains("model: models/clip-vit-\(model)"), "\(path)")
        #expect(resolved.contains("name: \(family)-vit-\(backbone)"), "\(path)")
      }
    }

    @Test func aFileThatExtendsItselfIsAnError() throws {
      try withTemporaryFolder { folder in
        try AtomicFile.write("extends: loop.yaml\n", to: "\(folder)/loop.yaml")
        try fail(
          .usage, containing: "extend each other", arguments: ["compare", "\(folder)/loop.yaml"])
        try AtomicFile.write("extends: [a]\n", to: "\(folder)/list.yaml")
        try fail(.usage, containing: "extends is", arguments: ["compare", "\(folder)/list.yaml"])
        try AtomicFile.write("extends: none.yaml\n", to: "\(folder)/none-there.yaml")
        try fail(
          .missingInput, containing: "none.yaml",
          arguments: ["compare", "\(folder)/none-there.yaml"])
      }
    }
  }
}
