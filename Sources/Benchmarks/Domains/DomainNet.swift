import Basics

/// What is known of DomainNet (Peng et al., ICCV 2019, arXiv 1812.01754) besides its lists.
///
/// Names and labels of classes are not here: they come from the lists or the file names.
enum DomainNet {
  static let classCount = 345
  static let domains = ["clipart", "infograph", "painting", "quickdraw", "real", "sketch"]

  /// The one class that a domain lacks: `painting` has no t-shirts.
  static let tShirt = (label: 327, folder: "t-shirt")

  /// DomainBed's list of the images that the cleaned version does without, a path a line.
  static let duplicates = "domain_net_duplicates.txt"

  /// The folder of the lists with 40 classes, SENTRY's (arXiv 2012.11460).
  static let fewClassesFolder = "SENTRY_splits"
  static let fewClasses = 40

  /// Images of the train and test lists: the cleaned version's, then the original one's.
  ///
  /// The cleaned numbers add up to the 586,575 images of ai.bu.edu/M3SDA. The original ones add up
  /// to that page's totals but for clipart, where the page says 48,837 and the lists have 48,833.
  private static let images: [String: [(train: Int, test: Int)]] = [
    "clipart": [(33_525, 14_604), (34_019, 14_814)],
    "infograph": [(36_023, 15_582), (37_087, 16_114)],
    "painting": [(50_416, 21_850), (52_867, 22_892)],
    "quickdraw": [(120_750, 51_750)],
    "real": [(120_906, 52_041), (122_563, 52_764)],
    "sketch": [(48_212, 20_916), (49_115, 21_271)],
  ]

  /// The published numbers of images of a domain's split; none where there are none.
  static func published(_ domain: String, split: String) -> [Int] {
    let versions = images[domain] ?? []
    switch split {
    case SplitName.train: return versions.map(\.train)
    case SplitName.test: return versions.map(\.test)
    case SplitName.all:
      return versions.map { $0.train + $0.test } + (domain == "clipart" ? [48_837] : [])
    default: return []
    }
  }

  /// The label that a file's name tells: `clipart_328_000018.jpg` has 327, the number minus 1.
  ///
  /// - Returns: Nil for a name of another form or a number outside 1 to 345.
  static func label(ofFile name: String, domain: String) -> Int? {
    guard name.hasPrefix(domain + "_"), let dot = name.lastIndex(of: ".") else { return nil }
    let parts = name[name.index(name.startIndex, offsetBy: domain.count + 1)..<dot]
      .split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy(isNumber), let number = Int(parts[0]),
      (1...classCount).contains(number)
    else { return nil }
    return number - 1
  }

  /// Class folders in the official order: alphabetical without case, `_` and `-`.
  ///
  /// In byte order the three `The_…` would come first and `t-shirt` before `table`.
  static func officialOrder(_ folders: some Sequence<String>) -> [String] {
    func key(_ name: String) -> String {
      name.lowercased().filter { $0 != "_" && $0 != "-" }
    }
    return folders.map { (key($0), $0) }.sorted { precedesInBytes($0.0, $1.0) }.map(\.1)
  }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}
