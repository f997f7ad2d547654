/// The known name closest to a mistyped one, for "did you mean" lines.
///
/// Distance is Levenshtein's over characters; a name further than a third of its length (and at
/// least 2) is no suggestion.
public func nearestName(to name: String, among known: [String]) -> String? {
  let best = known.map { ($0, editDistance(name, $0)) }.min { $0.1 < $1.1 }
  guard let (candidate, distance) = best else { return nil }
  return distance <= max(2, candidate.count / 3) ? candidate : nil
}

/// The number of insertions, deletions and substitutions that turn one string into the other.
func editDistance(_ left: String, _ right: String) -> Int {
  let left = Array(left)
  let right = Array(right)
  var previous = Array(0...right.count)
  for (i, a) in left.enumerated() {
    var current = [i + 1]
    for (j, b) in right.enumerated() {
      current.append(min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a == b ? 0 : 1)))
    }
    previous = current
  }
  return previous[right.count]
}
