import Basics
import Benchmarks
import Foundation
import Testing

@Suite struct MiniDomainsSceneTests {
  typealias Domain = MiniDomains.Domain
  typealias Split = MiniDomains.Split

  private func scenes(_ domain: Domain, _ split: Split, count: Int = 1000) -> [MiniDomains.Scene] {
    (0..<count).map { MiniDomains.scene(domain: domain, split: split, index: $0) }
  }

  /// Expects a count that a binomial distribution gives but once in 15 000 times (four sigma).
  private func expectShare(
    _ hits: Int, of count: Int, near p: Double, _ what: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let sigma = (p * (1 - p) * Double(count)).squareRoot()
    #expect(
      abs(Double(hits) - p * Double(count)) < 4 * sigma, what ?? "\(hits) of \(count), not \(p)",
      sourceLocation: sourceLocation)
  }

  @Test func thereAreTwentyClassesWithTheirNames() {
    #expect(MiniDomains.classNames.count == 20)
    #expect(MiniDomains.classNames[0] == "ball")
    #expect(MiniDomains.classNames[19] == "bottle")
    #expect(MiniDomains.synonyms[7] == "automobile")
    #expect(MiniDomains.hypernyms[4] == "animal")
    #expect(Set(MiniDomains.classNames + MiniDomains.synonyms).count == 40)
    #expect(
      MiniDomains.typicalColours == [0, 3, 3, 2, 1, 8, 2, 0, 7, 0, 2, 6, 8, 5, 6, 2, 7, 8, 4, 3])
    #expect(
      MiniDomains.typicalPlaces == [1, 1, 0, 6, 3, 4, 5, 2, 3, 1, 7, 4, 7, 0, 2, 3, 5, 6, 0, 5])
    #expect(MiniDomains.colourNames.count == 10)
    #expect(MiniDomains.placeNames.count == 8)
  }

  @Test(arguments: Domain.allCases, Split.allCases)
  func onlyRealHasShortcuts(domain: Domain, split: Split) {
    let scenes = scenes(domain, split)
    let isBiased = domain == .real
    let colours = scenes.count { $0.colour == MiniDomains.typicalColours[$0.label] }
    let places = scenes.count { $0.place == MiniDomains.typicalPlaces[$0.label] }
    let narrow = scenes.count { $0.hasNarrowPose }
    // A free draw also hits the typical one in ten (eight).
    expectShare(colours, of: 1000, near: isBiased ? 0.6 + 0.4 / 10 : 0.1)
    expectShare(places, of: 1000, near: isBiased ? 0.8 + 0.2 / 8 : 0.125)
    if isBiased {
      expectShare(narrow, of: 1000, near: 0.9)
    } else {
      #expect(narrow == 0)
      expectShare(scenes.count { $0.pose.isFlipped }, of: 1000, near: 0.5)
    }
    for label in 0..<20 {
      #expect(scenes.count { $0.label == label } == 50)
    }
  }

  @Test func splitsShareNoImage() {
    let all = Domain.allCases.flatMap { domain in
      Split.allCases.flatMap { scenes(domain, $0, count: 200) }
    }
    #expect(Set(all.map(\.seed)).count == all.count)
    #expect(Set(all.map(\.pose.rotation)).count == all.count)
  }

  @Test func posesStayInTheirRange() {
    let narrow = scenes(.real, .train).filter(\.hasNarrowPose).map(\.pose)
    #expect(narrow.allSatisfy { (12..<14.72).contains($0.scale) && !$0.isFlipped })
    #expect(narrow.allSatisfy { abs($0.rotation) <= 0.075 && abs($0.shear) <= 0.06 })
    #expect(narrow.allSatisfy { abs(log($0.aspect)) <= 0.066 })
    let wide = scenes(.sketch, .test).map(\.pose)
    #expect(wide.allSatisfy { (11.52..<15.2).contains($0.scale) && abs($0.rotation) <= 0.25 })
    #expect(wide.count { abs($0.rotation) > 0.075 } > 500)
    #expect(wide.allSatisfy { abs($0.x - 16) <= 2 && abs($0.y - 16) <= 2 })
    let infograph = scenes(.infograph, .test).map(\.pose)
    #expect(infograph.allSatisfy { (8.8..<11.52).contains($0.scale) })
    #expect(infograph.allSatisfy { (12.5...16.5).contains($0.y) })
  }

  @Test func theWebIsAMixtureWithoutShortcuts() {
    let scenes = (0..<20_000).map { MiniDomains.pretrainingScene($0, seed: 5) }
    let shares: [(Domain, Double)] = [
      (.real, 0.30), (.clipart, 0.18), (.sketch, 0.13), (.painting, 0.17), (.infograph, 0.11),
      (.quickdraw, 0.11),
    ]
    for (domain, share) in shares {
      expectShare(scenes.count { $0.domain == domain }, of: 20_000, near: share)
    }
    for label in 0..<20 {
      expectShare(scenes.count { $0.label == label }, of: 20_000, near: 0.05)
    }
    let typical = scenes.count { $0.colour == MiniDomains.typicalColours[$0.label] }
    expectShare(typical, of: 20_000, near: 0.1)
    #expect(scenes.allSatisfy { !$0.hasNarrowPose })
    #expect(scenes[7] == MiniDomains.pretrainingScene(7, seed: 5))
    #expect(scenes[7] != MiniDomains.pretrainingScene(7, seed: 6))
  }
}
