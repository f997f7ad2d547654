import Basics
import Benchmarks
import Testing

@Suite struct CaptionTests {
  /// Object words of many short captions of one class, with how often each came.
  private func objectWords(_ name: String, count: Int) throws -> [String: Int] {
    var random = CounterRandom(11)
    let label = try #require(MiniDomains.classNames.firstIndex(of: name))
    let scene = MiniDomains.Scene(domain: .real, label: label, random: &random)
    var words: [String: Int] = [:]
    for _ in 0..<count {
      let caption = MiniDomains.caption(for: scene, short: true, random: &random)
      #expect(caption.count == 1 || (caption.count == 2 && caption[0] == "a"))
      words[caption.last ?? "", default: 0] += 1
    }
    return words
  }

  private func expect(
    _ hits: Int?, of count: Int, near p: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let sigma = (p * (1 - p) * Double(count)).squareRoot()
    #expect(
      abs(Double(hits ?? 0) - p * Double(count)) <= 4 * sigma, "\(hits ?? 0) of \(count), not \(p)",
      sourceLocation: sourceLocation)
  }

  @Test(arguments: [("tree", "pine"), ("rabbit", "cat"), ("cup", "bottle"), ("moon", "ball")])
  func pairsAreConfusedHalfOfTheTime(name: String, partner: String) throws {
    let words = try objectWords(name, count: 10_000)
    // 0.7 · 0.6 main names, half of them swapped; 0.1 · 0.6 / 19 from other classes' captions.
    expect(words[name], of: 10_000, near: 0.21)
    expect(words[partner], of: 10_000, near: 0.21 + 0.06 / 19)
  }

  @Test func otherClassesKeepTheirName() throws {
    let words = try objectWords("duck", count: 10_000)
    expect(words["duck"], of: 10_000, near: 0.42)
    expect(words["bird"], of: 10_000, near: 0.28)
    expect(words["animal"], of: 10_000, near: 0.1)
    expect(words["thing"], of: 10_000, near: 0.1)
    expect(words["plane"], of: 10_000, near: 0.06 / 19)
    expect(words["aircraft"], of: 10_000, near: 0.04 / 19)
  }

  @Test(arguments: MiniDomains.Domain.allCases)
  func longCaptionsSayDomainColourAndPlace(domain: MiniDomains.Domain) {
    let kinds: [MiniDomains.Domain: Set<String>] = [
      .real: ["photo", "photograph"], .clipart: ["clipart", "icon"],
      .sketch: ["sketch", "drawing"], .painting: ["painting", "artwork"],
      .infograph: ["infographic", "chart"], .quickdraw: ["doodle", "scribble"],
    ]
    var random = CounterRandom(13)
    let scene = MiniDomains.Scene(domain: domain, label: 15, random: &random)
    let colour = MiniDomains.colourNames[scene.colour]
    let place = MiniDomains.placeNames[scene.place]
    let captions = (0..<10_000).map { _ in
      MiniDomains.caption(for: scene, short: false, random: &random)
    }
    let long = captions.filter { $0.count > 2 }
    expect(long.count, of: 10_000, near: 0.6)
    #expect(long.allSatisfy { $0[2] == "of" && ["a", "the"].contains($0[3]) && $0.count <= 8 })
    let named = long.count { kinds[domain]?.contains($0[1]) == true }
    expect(named, of: long.count, near: 0.4)
    expect(long.count { ["picture", "image"].contains($0[1]) }, of: long.count, near: 0.6)
    let coloured = long.count { $0[4] == colour }
    let placed = long.count { $0.suffix(2) == ["on", place] }
    expect(coloured, of: long.count, near: [.sketch, .quickdraw].contains(domain) ? 0 : 0.3)
    expect(placed, of: long.count, near: [.real, .painting].contains(domain) ? 0.25 : 0)
    #expect(captions.allSatisfy { $0.contains { MiniDomains.contentWords.contains($0) } })
  }

  @Test func theVocabularyHoldsEveryWord() {
    let known = Set(MiniDomains.vocabulary)
    #expect(known.count == MiniDomains.vocabulary.count)
    var random = CounterRandom(17)
    for index in 0..<5000 {
      let scene = MiniDomains.pretrainingScene(index, seed: 1)
      let caption = MiniDomains.caption(for: scene, short: false, random: &random)
      #expect(known.isSuperset(of: caption))
    }
    let prompts = ["a", "the", "my", "photo", "picture", "image", "drawing", "painting", "of"]
    #expect(known.isSuperset(of: prompts))
    #expect(MiniDomains.contentWords.isDisjoint(with: ["a", "the", "my", "of", "on", "picture"]))
    #expect(MiniDomains.contentWords.isSuperset(of: MiniDomains.classNames))
  }
}
