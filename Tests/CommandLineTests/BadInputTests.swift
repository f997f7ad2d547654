import Basics
import Foundation
import TestSupport
import Testing
import Torch

extension EndToEnd {
  /// What is wrong is said in two lines, with the promised exit code, and nothing is lost by it.
  @Suite struct BadInputTests {
    static func evaluate(
      model: String = Tiny.model, data: String = Tiny.images, _ more: String...
    ) -> [String] {
      [
        "evaluate", "--model", model, "--data", data, "--prompts", Tiny.prompts, "--quiet",
      ] + more
    }

    // MARK: Data

    @Test func missingAndEmptyFolders() throws {
      try withTemporaryFolder { folder in
        try fail(
          .missingInput, containing: "nowhere", arguments: Self.evaluate(data: folder + "/nowhere"))
        try fail(.badData, containing: "empty folder", arguments: Self.evaluate(data: folder))
        try fail(
          .missingInput, containing: "nowhere",
          arguments: Self.evaluate(model: folder + "/nowhere"))
        try fail(
          .usage, containing: "Did you mean 'folder:'",
          arguments: Self.evaluate(data: "foldr:\(folder)"))
      }
    }

    @Test func anImageThatDoesNotDecode() throws {
      try withTemporaryFolder { folder in
        let images = try Tiny.imageCopy(in: folder)
        let victim = images + "/test/owl/01.png"
        try bytes(victim).prefix(200).write(to: URL(fileURLWithPath: victim))
        try fail(
          .badData, containing: victim, "--skip-bad", arguments: Self.evaluate(data: images))
        let counted = try succeed(
          "evaluate", "--model", Tiny.model, "--data", images, "--prompts", Tiny.prompts,
          "--skip-bad", "--format", "json")
        let row = try counted.json().array?.first
        #expect(row?["skipped"] == .integer(1) && row?["n"] == .integer(8))
        let checked = try Program.run(["data", "check", images, "--quiet"])
        #expect(checked.status == 65 && checked.output.contains("01.png"))
        #expect(checked.errors.contains("1 of 35 images"))
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: victim))
        try fail(.badData, containing: victim, arguments: Self.evaluate(data: images))
      }
    }

    @Test func aClassFolderWithoutImages() throws {
      try withTemporaryFolder { folder in
        let images = try Tiny.imageCopy(in: folder)
        let empty = images + "/test/pelican"
        try FileManager.default.createDirectory(
          atPath: empty, withIntermediateDirectories: true)
        try fail(.badData, containing: empty, arguments: Self.evaluate(data: images))
      }
    }

    @Test func labelsOutOfRange() throws {
      try withTemporaryFolder { folder in
        let images = try Tiny.imageCopy(in: folder)
        try FileManager.default.moveItem(atPath: images + "/test", toPath: images + "/real")
        for name in ["real_train.txt", "real_test.txt"] {
          try AtomicFile.write(
            "real/owl/00.png 0\nreal/red_kite/00.png -4\n", to: "\(images)/\(name)")
        }
        try fail(
          .badData, containing: "real_test.txt:2",
          arguments: Self.evaluate(data: "domainnet:\(images)/real"))
        try AtomicFile.write(
          "path,label\nreal/owl/00.png,0\nreal/owl/01.png,-1\n", to: images + "/a.csv")
        try fail(.badData, containing: "a.csv", arguments: Self.evaluate(data: images + "/a.csv"))
      }
    }

    // MARK: Models

    /// Writes the tiny model again with other tensors.
    private func damage(
      _ model: String, _ change: (inout [(name: String, tensor: Tensor)]) throws -> Void
    ) throws {
      let path = model + "/model.safetensors"
      let file = try SafetensorsFile(path: path)
      var tensors = try file.names.map { (name: $0, tensor: try file.tensor($0)) }
      try change(&tensors)
      try SafetensorsFile.write(tensors, to: path)
    }

    @Test func tensorsThatAreMissingExtraOrMisshapen() throws {
      try withTemporaryFolder { folder in
        let model = try Tiny.modelCopy(in: folder)
        try damage(model) { tensors in
          tensors.removeAll { $0.name == "visual_projection.weight" }
          tensors.append(("surprise", try Tensor.zeros([2])))
          let place = try #require(tensors.firstIndex { $0.name == "text_projection.weight" })
          tensors[place].tensor = try Tensor.zeros([3, 3])
        }
        // All in one message.
        try fail(
          .badData, containing: "missing visual_projection.weight", "unexpected surprise",
          "text_projection.weight [3, 3]", arguments: Self.evaluate(model: model))
      }
    }

    @Test func aTruncatedCheckpoint() throws {
      try withTemporaryFolder { folder in
        let model = try Tiny.modelCopy(in: folder)
        let path = model + "/model.safetensors"
        let whole = bytes(path)
        for count in [0, 7, 500, whole.count - 10] {
          try whole.prefix(count).write(to: URL(fileURLWithPath: path))
          try fail(.badData, containing: path, arguments: Self.evaluate(model: model))
        }
        try FileManager.default.removeItem(atPath: path)
        try fail(.missingInput, containing: path, arguments: Self.evaluate(model: model))
      }
    }

    @Test func aHeadForOtherClasses() throws {
      try withTemporaryFolder { folder in
        let head = folder + "/head.safetensors"
        func write(_ classes: [String], width: Int) throws {
          try SafetensorsFile.write(
            [
              ("weight", try Tensor.zeros([classes.count, width])),
              ("bias", try Tensor.zeros([classes.count])),
            ], metadata: ["classes": JSONValue.array(classes.map(JSONValue.string)).text()],
            to: head)
        }
        try write(["maple leaf", "owls", "red kite"], width: 24)
        try fail(
          .badData, containing: "'owl'", "'owls'",
          arguments: Self.evaluate(data: Tiny.images, "--head", head))
        try fail(
          .badData, containing: head,
          arguments: Tiny.train("full", out: folder + "/run", "--head", head))
        #expect(!FileManager.default.fileExists(atPath: folder + "/run"))
        try write(Tiny.classes, width: 25)
        try fail(.badData, containing: "width 25", arguments: Self.evaluate("--head", head))
        try fail(
          .badData, containing: "25",
          arguments: Tiny.train("full", out: folder + "/run", "--head", head))
        try FileManager.default.removeItem(atPath: head)
        try fail(.missingInput, containing: head, arguments: Self.evaluate("--head", head))
      }
    }

    // MARK: The command line

    @Test(
      arguments: [
        (["frain"], "Did you mean train?"), (["train", "--model", "m"], "--data"),
        (["evaluate", "--modle", "m", "--data", "d"], "--model"),
        (["evaluate", "--model", "m", "--data", "d", "--format", "xml"], "xml"),
        (["evaluate", "--model", "m", "--data", "d", "--threads", "many"], "many"),
        (["evaluate", "--model", "m", "--data", "d", "--threads", "-1"], "--threads"),
        (["evaluate", "--model", "m", "--data", "d", "--batch-size", "0"], "--batch-size"),
        (["evaluate", "--model", "m", "--data", "d", "--device", "cuda:63"], "cuda:63"),
        (["evaluate", "--model", "m", "--data", "d", "--device", "gpu"], "gpu"),
        (["train", "--model", "m", "--data", "d", "--method", "ful"], "Did you mean full?"),
        (["demo", "--set", "seeds"], "key.path=value"),
        (["demo", "--set", "l2.strenth=1"], "Did you mean l2.strength?"),
        (["demo", "--set", "lr=[1"], "--set lr=[1"),
        (["predict", "--model", "m", "--top", "0", "a.png"], "--top"),
        (["data", "inspekt", "d"], "holdfast data --help"),
      ] as [([String], String)])
    func wrongOptions(_ arguments: [String], _ word: String) throws {
      try fail(.usage, containing: word, arguments: arguments)
    }

    // MARK: Writing

    @Test func resultsOfAnEarlierRunOutliveAFailure() throws {
      try withTemporaryFolder { folder in
        let images = try Tiny.imageCopy(in: folder)
        let out = folder + "/run"
        let arguments = Tiny.train("full", out: out).map { $0 == Tiny.images ? images : $0 }
        #expect(try Program.run(arguments).status == 0)
        let before = try snapshot(out)
        #expect(before.count > 8)
        // The test images fail after training has begun.
        let victim = images + "/test/owl/01.png"
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: victim))
        try fail(.badData, containing: victim, arguments: arguments + ["--seed", "9"])
        #expect(try snapshot(out) == before)
      }
    }

    @Test func aFullDisk() throws {
      try withTemporaryFolder { folder in
        let stdout = try Program.shell(
          "$HOLDFAST evaluate --model \(Tiny.model) --data \(Tiny.images) --quiet > /dev/full",
          in: folder)
        expectFailure(stdout, .cannotWrite, ["No space left"])
        // A limit on the size of files stands for a disk that fills up while a run goes on.
        let out = folder + "/run"
        #expect(try Program.run(Tiny.train("full", out: out)).status == 0)
        let before = try snapshot(out)
        let command = Tiny.train("full", out: out, "--seed", "9")
          .map { "'\($0)'" }.joined(separator: " ")
        let limited = try Program.shell("ulimit -f 2; exec $HOLDFAST \(command)", in: folder)
        expectFailure(limited, .cannotWrite)
        #expect(try snapshot(out) == before)
        let merged = try Program.shell(
          "ulimit -f 2; exec $HOLDFAST merge --from \(Tiny.model) --to \(Tiny.model) --alpha 0.5 "
            + "--quiet --out m", in: folder)
        expectFailure(merged, .cannotWrite, ["model.safetensors"])
      }
    }

    @Test func aPlaceThatCannotBeWritten() throws {
      try withTemporaryFolder { folder in
        try AtomicFile.write("a file", to: folder + "/run")
        try fail(
          .cannotWrite, containing: folder + "/run",
          arguments: Tiny.train("full", out: folder + "/run"))
        #expect(bytes(folder + "/run") == Data("a file".utf8))
      }
    }

    @Test func aReaderThatGoesAwayIsNoFailure() throws {
      let outcome = try Program.shell(
        "$HOLDFAST --help | true; echo ${PIPESTATUS[0]}", in: NSTemporaryDirectory())
      #expect(outcome.output == "0\n" && outcome.errors == "")
    }

    /// The content of every file of a finished run.
    private func snapshot(_ folder: String) throws -> [String: Data] {
      var files: [String: Data] = [:]
      for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init()
      where !name.hasPrefix("unfinished") {
        files[name] = bytes("\(folder)/\(name)")
      }
      return files
    }
  }
}
