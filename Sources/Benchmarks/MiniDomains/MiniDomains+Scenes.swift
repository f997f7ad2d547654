import Basics

extension MiniDomains {
  /// What an image on disk shows.
  ///
  /// - Parameters:
  ///   - index: The image's number in its split, from 0; its class is `index % 20`.
  public static func scene(domain: Domain, split: Split, index: Int) -> Scene {
    let part = Split.allCases.firstIndex(of: split) ?? 0
    var random = CounterRandom(seed, 1 + part, domain.rawValue, index)
    let count = ObjectClass.all.count
    return Scene(
      domain: domain, label: ((index % count) + count) % count,
      shortcuts: domain == .real ? .fineTuning : .none, random: &random)
  }

  /// What an image of the pre-training mixture (the "web") shows.
  ///
  /// Domain, class, colour, place and pose are independent of one another.
  public static func pretrainingScene(_ index: Int, seed: Int) -> Scene {
    var random = CounterRandom(seed, 0, 0, index)
    var rest = random.uniform()
    let domain =
      webMixture.first { entry in
        rest -= entry.share
        return rest < 0
      }?.domain ?? .real
    let label = random.below(ObjectClass.all.count)
    return Scene(domain: domain, label: label, random: &random)
  }

  /// The share of each domain in the pre-training mixture.
  static let webMixture: [(domain: Domain, share: Double)] = [
    (.real, 0.30), (.clipart, 0.18), (.sketch, 0.13), (.painting, 0.17), (.infograph, 0.11),
    (.quickdraw, 0.11),
  ]
}
