import Foundation

/// Why a model answers as if by chance, as far as its answers tell.
enum LikelyCause: Hashable {
  /// Class names that say nothing to a text tower, such as this one.
  case codes(String)
  /// Images of one class are mostly taken for one other class: names of both, some of such pairs.
  case otherOrder([Pair])
  /// Most images get the same answer.
  case oneAnswer(String, share: Double)
  /// None of these.
  case unknown

  struct Pair: Hashable {
    var label: String
    var answer: String
  }

  /// - Parameters:
  ///   - predicted: The class given for each image; best several images of each class.
  ///   - labels: The right class of the same images.
  ///   - names: The names of the classes.
  init(predicted: [Int], labels: [Int], names: [String]) {
    func name(_ index: Int) -> String { names.indices.contains(index) ? names[index] : "\(index)" }
    let codes = names.filter { $0.wholeMatch(of: /n?[0-9]+/) != nil }
    if let first = codes.first, 2 * codes.count >= names.count {
      self = .codes(first)
      return
    }
    let pairs = Self.majorities(predicted, labels)
    let wrong = pairs.filter { $0.label != $0.answer }
    if wrong.count >= 2, 2 * wrong.count >= pairs.count, 2 * pairs.count >= Set(labels).count,
      5 * Set(pairs.map(\.answer)).count >= 4 * pairs.count
    {
      self = .otherOrder(
        wrong.prefix(3).map { Pair(label: name($0.label), answer: name($0.answer)) })
      return
    }
    let counts = Dictionary(grouping: predicted) { $0 }.mapValues(\.count)
    if let most = counts.min(by: { (-$0.value, $0.key) < (-$1.value, $1.key) }),
      2 * most.value >= predicted.count
    {
      self = .oneAnswer(name(most.key), share: Double(most.value) / Double(predicted.count))
      return
    }
    self = .unknown
  }

  /// The answer that at least half of a class's images get, for classes with at least three.
  private static func majorities(
    _ predicted: [Int], _ labels: [Int]
  ) -> [(label: Int, answer: Int)] {
    let answers = Dictionary(grouping: zip(labels, predicted), by: \.0).mapValues { $0.map(\.1) }
    return answers.sorted { $0.key < $1.key }.compactMap { label, own in
      guard own.count >= 3 else { return nil }
      let counts = Dictionary(grouping: own) { $0 }.mapValues(\.count)
      guard let most = counts.min(by: { (-$0.value, $0.key) < (-$1.value, $1.key) }),
        2 * most.value >= own.count
      else { return nil }
      return (label, most.key)
    }
  }

  /// The cause in words.
  var words: String {
    switch self {
    case .codes(let name):
      return "the class names are codes such as '\(name)', which mean nothing to the text tower"
    case .otherOrder(let pairs):
      let texts = pairs.map { "images labelled '\($0.label)' are mostly seen as '\($0.answer)'" }
      return "the labels seem to be in another order: \(texts.joined(separator: ", "))"
    case .oneAnswer(let name, let share):
      return String(format: "%.0f %%", 100 * share) + " of the answers are '\(name)': the model's "
        + "weights, activation (QuickGELU or GELU) or preprocessing seem to be wrong"
    case .unknown:
      return "the prompts or class names do not suit, or the model does not know such images"
    }
  }

  /// What to do about it, without a full stop.
  var remedy: String {
    switch self {
    case .codes: return "Give readable names with --classes"
    case .otherOrder:
      return "See 'holdfast data inspect' for the label rule, and correct the labels"
    case .oneAnswer: return "Check that the model's files belong together"
    case .unknown: return "Check --classes, --prompts and the images"
    }
  }
}
