import Basics

extension MiniDomains {
  /// The words of one caption of the "web" for a scene, without start and end.
  ///
  /// One caption in ten names another class, one says `thing`, one the hypernym; the rest names the
  /// class by its synonym (40 %) or its main name. The main names of five pairs of classes are
  /// swapped half of the time: the confusion that keeps zero-shot accuracy low while the features
  /// stay separable, and that fine-tuning repairs.
  ///
  /// - Parameter short: Whether the caption must be of the short form (`duck`, `a duck`); else 40 %
  ///   are. At most nine words either way.
  public static func caption(
    for scene: Scene, short: Bool, random: inout CounterRandom
  ) -> [String] {
    let object = objectWord(for: scene.label, random: &random)
    if short || random.chance(0.4) {
      return random.chance(0.5) ? [object] : ["a", object]
    }
    let pair = CaptionWords.domains[scene.domain] ?? CaptionWords.generic
    let kind = random.chance(0.4) ? pair : CaptionWords.generic
    var words = [
      CaptionWords.openers[random.below(CaptionWords.openers.count)],
      kind[random.below(kind.count)], "of", random.chance(0.5) ? "a" : "the",
    ]
    if random.chance(0.3), scene.domain != .sketch, scene.domain != .quickdraw {
      words.append(colourNames[scene.colour])
    }
    words.append(object)
    if random.chance(0.25), scene.domain == .real || scene.domain == .painting {
      words += ["on", placeNames[scene.place]]
    }
    return words
  }

  /// Every word that a caption or a prompt can have, each once, in a fixed order.
  public static let vocabulary: [String] = {
    var known: Set<String> = []
    let domains = Domain.allCases.flatMap { CaptionWords.domains[$0] ?? [] }
    let words =
      CaptionWords.function + CaptionWords.generic + domains + colourNames + placeNames
      + classNames + synonyms + hypernyms + [CaptionWords.missing]
    return words.filter { known.insert($0).inserted }
  }()

  /// The words of the vocabulary that say something of an image.
  ///
  /// All but articles, prepositions, `picture` and `image`; every caption has one at least.
  public static let contentWords = Set(vocabulary)
    .subtracting(CaptionWords.function).subtracting(CaptionWords.generic)

  private static func objectWord(for label: Int, random: inout CounterRandom) -> String {
    let draw = random.uniform()
    let isSynonym = random.chance(0.4)
    let isSwapped = random.chance(0.5)
    let other = (label + 1 + random.below(classNames.count - 1)) % classNames.count
    switch draw {
    case ..<0.1: return isSynonym ? synonyms[other] : classNames[other]
    case ..<0.2: return CaptionWords.missing
    case ..<0.3: return hypernyms[label]
    default:
      if isSynonym { return synonyms[label] }
      if isSwapped, let partner = ObjectClass.partners[label] { return classNames[partner] }
      return classNames[label]
    }
  }
}

/// The words around an object's name.
enum CaptionWords {
  static let openers = ["a", "the", "my"]
  static let function = ["a", "the", "my", "of", "on"]
  static let generic = ["picture", "image"]
  /// What stands for an object whose name is missing.
  static let missing = "thing"
  static let domains: [MiniDomains.Domain: [String]] = [
    .real: ["photo", "photograph"], .clipart: ["clipart", "icon"], .sketch: ["sketch", "drawing"],
    .painting: ["painting", "artwork"], .infograph: ["infographic", "chart"],
    .quickdraw: ["doodle", "scribble"],
  ]
}
