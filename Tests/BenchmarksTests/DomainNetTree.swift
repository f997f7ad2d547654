import Basics
import Foundation

/// Copies of DomainNet in its true layouts, with a few of its classes under their true names.
///
/// Images are empty files: names are all that a layout reads.
struct DomainNetTree {
  /// A few folders with their labels: the first two, the last two, and those whose place differs
  /// between byte order and the official one.
  static let classes = [
    "aircraft_carrier": 0, "airplane": 1, "bird": 31, "table": 301, "teddy-bear": 303,
    "The_Eiffel_Tower": 308, "The_Great_Wall_of_China": 309, "The_Mona_Lisa": 310, "tiger": 311,
    "t-shirt": 327, "zebra": 343, "zigzag": 344,
  ]

  var root: String

  /// The path of an image, with the number that its name carries.
  static func image(_ domain: String, _ folder: String, _ label: Int, _ serial: Int = 1) -> String {
    let ending = domain == "quickdraw" ? "png" : "jpg"
    let numbers = String(format: "%03d_%06d", label + 1, serial)
    return "\(domain)/\(folder)/\(domain)_\(numbers).\(ending)"
  }

  /// Makes images of classes in some domains, without lists: DomainBed's form.
  func images(
    _ domains: [String], classes: [String: Int] = Self.classes, serials: Int = 1
  ) throws {
    for domain in domains {
      for (folder, label) in classes {
        for serial in 1...serials {
          try touch(root, [Self.image(domain, folder, label, serial)])
        }
      }
    }
  }

  /// Makes images and the lists that name them: the official form.
  ///
  /// - Parameters:
  ///   - lists: The lists' names, with `DOMAIN` and `SPLIT` for these.
  ///   - numbered: The labels in the lists, where they are not those of the names.
  func listed(
    _ domains: [String], classes: [String: Int] = Self.classes, lists: String = "DOMAIN_SPLIT.txt",
    numbered: [String: Int]? = nil
  ) throws {
    try images(domains, classes: classes, serials: 2)
    for domain in domains {
      for (serial, split) in ["train", "test"].enumerated() {
        let lines = classes.sorted { $0.value < $1.value }.map { folder, label in
          "\(Self.image(domain, folder, label, serial + 1)) \(numbered?[folder] ?? label)\n"
        }
        let list = lists.replacingOccurrences(of: "DOMAIN", with: domain)
          .replacingOccurrences(of: "SPLIT", with: split)
        try plant(root, list, text: lines.joined())
      }
    }
  }

  /// As many classes as the true data set has, those above among them at their true places, with
  /// names whose official order is that of their labels but not their byte order.
  static let allClasses: [String: Int] = {
    let known = Dictionary(uniqueKeysWithValues: classes.map { ($0.value, $0.key) })
    var result: [String: Int] = [:]
    var before = ""
    for label in 0..<345 {
      if let name = known[label] {
        result[name] = label
        before = name
      } else {
        // What comes after the class before and ahead of the next.
        let name = before + ["_", "-", ""][label % 3] + String(format: "%03d", label)
        result[label % 2 == 0 ? name.uppercased() : name] = label
      }
    }
    return result
  }()
}

/// Makes empty files under a folder, without the care that `plant` takes.
func touch(_ root: String, _ paths: some Sequence<String>) throws {
  for path in paths {
    let place = root + "/" + path
    if !FileManager.default.createFile(atPath: place, contents: nil) {
      try FileManager.default.createDirectory(
        atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      guard FileManager.default.createFile(atPath: place, contents: nil) else {
        throw HoldfastError.cannotWrite(place, remedy: "Make room.")
      }
    }
  }
}
