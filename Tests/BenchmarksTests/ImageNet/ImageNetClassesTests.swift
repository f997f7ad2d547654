import Basics
import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct ImageNetClassesTests {
  @Test func theTableIsWhole() throws {
    let classes = try ImageNetClasses.standard()
    #expect(classes.entries.count == 1000)
    let wnids = classes.entries.map(\.wnid)
    #expect(wnids == wnids.sorted() && Set(wnids).count == 1000)
    for (index, wnid) in wnids.enumerated() { #expect(classes.index(wnid: wnid) == index) }
    // The names that open_clip has, kept for the tokenizer's tests.
    let names = String(decoding: try Fixtures.data("tokenizer/imagenet-names.txt"), as: UTF8.self)
    #expect(classes.names == names.split(separator: "\n").map(String.init))
  }

  @Test(arguments: [
    (0, "n01440764", "tench"), (65, "n01751748", "sea snake"), (999, "n15075141", "toilet paper"),
    (134, "n02012849", "crane bird"), (517, "n03126707", "construction crane"),
  ])
  func entriesAreThoseOfEveryModel(index: Int, wnid: String, name: String) throws {
    let entry = try ImageNetClasses.standard().entries[index]
    #expect(entry.wnid == wnid)
    #expect(entry.name == name)
  }

  @Test func twoNamesStandForTwoClassesEach() throws {
    let classes = try ImageNetClasses.standard()
    #expect(classes.indices(name: "missile") == [657, 744])
    #expect(classes.indices(name: "Sunglasses") == [836, 837])
    #expect(classes.indices(name: "great_white_shark") == [2])
    #expect(classes.indices(name: "unicorn").isEmpty)
    #expect(Set(classes.names).count == 998)
    #expect(classes.index(wnid: "n00000000") == nil)
  }

  @Test func theSubsetsHaveTwoHundredClassesEach() throws {
    let classes = try ImageNetClasses.standard()
    let a = classes.indices(of: .a)
    let r = classes.indices(of: .r)
    #expect(a.count == 200 && r.count == 200)
    #expect(Set(a).intersection(r).count == 86)
    #expect(a == a.sorted())
    // The first and the last of the authors' lists.
    #expect(a.prefix(3) == [6, 11, 13] && a.last == 988)
    #expect(r.prefix(3) == [1, 2, 4] && r.last == 988)
  }

  @Test func aTableIsRead() throws {
    let classes = try ImageNetClasses.parse(
      "0 n00000001 -- kit fox\n\n1 n00000002 ar crane\n", source: "t")
    #expect(classes.names == ["kit fox", "crane"])
    #expect(classes.indices(of: .r) == [1])
  }

  @Test(arguments: [
    ("", "t: there are no classes"),
    ("0 n00000001 --", "t:1: '0 n00000001 --' is not an index"),
    ("x n00000001 -- a", "t:1: 'x n00000001 -- a' is not"),
    ("0 n00000001 ra a", "t:1: '0 n00000001 ra a' is not"),
    ("1 n00000001 -- a", "t:1: the index 0 is missing before 1"),
    ("0 n00000001 -- a\n2 n00000002 -- b", "t:2: the index 1 is missing before 2"),
    ("0 n00000001 -- a\n0 n00000002 -- b", "t:2: the index 0 is there twice"),
    ("-1 n00000001 -- a", "t:1: the index 0 is missing"),
    ("0 n0001 -- a", "t:1: 'n0001' is not a WordNet id"),
    ("0 n0000000x -- a", "t:1: 'n0000000x' is not a WordNet id"),
    ("0 n00000001 -- a\n1 n00000001 -- b", "t:2: the WordNet id n00000001 is there twice, before"),
    ("0 n00000002 -- a\n1 n00000001 -- b", "t:2: the WordNet id n00000001 follows n00000002"),
    ("99999999999999999999 n00000001 -- a", "t:1"),
  ])
  func aTableWithAMistakeIsRefused(text: String, words: String) {
    expectProblem(.badData, containing: words) {
      try ImageNetClasses.parse(text, source: "t")
    }
  }
}
