import Basics
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Looking at data sets: `data inspect` and `data check`.
  @Suite struct DataTests {
    private static func table(_ folder: String) throws -> String {
      let images = try Tiny.imageCopy(in: folder)
      let file = images + "/list.csv"
      let text =
        "path,label,domain,split\ntest/owl/00.png,owl,real,test\n"
        + "test/owl/01.png,owl,sketch,test\ntest/owl/77.png,owl,real,test\n"
        + "train/red_kite/00.png,red_kite,real,train\n"
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
      return file
    }

    @Test func whatIsMissingIsShownAndListed() throws {
      try withTemporaryFolder { folder in
        let file = try Self.table(folder)
        let value = try succeed(
          "data", "inspect", file + "#test", "--samples", "2", "--format", "json"
        ).json()
        #expect(value["kind"] == .string("csv") && value["split"] == .string("test"))
        #expect(value["images"] == .integer(2) && value["classes"] == .integer(2))
        #expect(value["conditions"]?["missing"] == .integer(1))
        #expect(value["metrics"] == .array([.string("top1")]))
        #expect(
          value["samples"]?.array?.map { $0["domain"] } == [.string("real"), .string("sketch")])
        let shown = try succeed("data", "inspect", file + "#test", "--samples", "1").output
        for words in ["missing 1", "real, sketch", "test/owl/00.png  0 owl real", "top1"] {
          #expect(shown.contains(words), "\(shown)")
        }

        let checked = try Program.run(["data", "check", file, "--format", "json"])
        #expect(checked.status == 66, "\(checked.errors)")
        #expect(checked.errors.contains("1 missing beside 3 images"))
        let rows = try checked.json().array ?? []
        #expect(rows.count == 1)
        #expect(rows.first?["path"]?.string?.hasSuffix("test/owl/77.png") == true)
        #expect(rows.first?["problem"]?.string?.contains("not there") == true)
        let allowed = try Program.run(["data", "check", file, "--allow-missing"])
        #expect(allowed.status == 0 && allowed.output.contains("77.png"))
        #expect(allowed.errors.contains("All 3 images decode, 1 missing."))

        let victim = (file as NSString).deletingLastPathComponent + "/test/owl/01.png"
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: victim))
        let both = try Program.run(["data", "check", file, "--allow-missing", "--format", "csv"])
        #expect(both.status == 65)
        #expect(both.output.contains("77.png") && both.output.contains("01.png"))
      }
    }

    @Test func archivesAreInspectedAndScored() throws {
      try withTemporaryFolder { folder in
        let images = try Tiny.imageCopy(in: folder)
        // What a shell's tar makes: folders of the test split, with a label beside each image.
        let script = """
          cd \(images)/test && i=0 && mkdir ../wds && for f in */*.png; do
            n=$(basename $(dirname $f)); cp $f ../wds/$i.png; echo $n > ../wds/$i.txt; i=$((i+1))
          done && cd ../wds && tar cf ../t.tar *.png *.txt
          """
        #expect(try Program.shell(script, in: folder).status == 0)
        let value = try succeed("data", "inspect", images + "/t.tar", "--format", "json").json()
        #expect(value["kind"] == .string("webdataset") && value["images"] == .integer(9))
        #expect(value["classes"] == .integer(3))
        #expect(
          try Program.run(["data", "check", images + "/t.tar"]).errors == "All 9 images decode.\n")
        let values = try [images, images + "/t.tar"].map { data in
          try succeed(
            "evaluate", "--model", Tiny.model, "--data", data, "--prompts", Tiny.prompts,
            "--format", "json"
          ).json().array?.first?["value"]
        }
        #expect(values[0] == values[1] && values[0] != nil)
      }
    }
  }
}
