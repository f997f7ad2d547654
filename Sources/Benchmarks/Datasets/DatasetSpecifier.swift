import Basics
import Foundation

/// What a user writes for a data set: a path, `kind:path`, or `builtin:minidomains/real`.
///
/// A suffix `#split` forces a split: `photos#val`. Before it `?name=value` sets an option of the
/// kind: `objectnet:images?border=0`. The path `…/*` stands for every domain.
public struct DatasetSpecifier: Hashable, Sendable {
  /// The layout to read the path as; nil where it is to be recognised.
  public var kind: String?
  /// A file or folder; `minidomains/real` and the like where the kind is `builtin`.
  public var path: String
  /// The split to read whatever the purpose: `train`, `val`, `test`, `all`, or a table's own.
  public var split: String?
  /// Options of the kind, by name.
  public var options: [String: String]

  public init(
    kind: String? = nil, path: String, split: String? = nil, options: [String: String] = [:]
  ) {
    self.kind = kind
    self.path = path
    self.split = split
    self.options = options
  }

  /// Reads a specifier.
  ///
  /// Something that exists under the whole text is always a plain path.
  ///
  /// - Throws: `HoldfastError` of kind `usage` for an empty text or an unknown kind.
  public static func parse(_ text: String) throws(HoldfastError) -> DatasetSpecifier {
    guard !text.isEmpty else {
      throw .usage(
        "the name of a data set is empty", remedy: "Give a folder, a table or kind:path.")
    }
    if FileManager.default.fileExists(atPath: text) { return DatasetSpecifier(path: text) }
    var rest = text[...]
    var split: String?
    if let hash = rest.lastIndex(of: "#") {
      let name = rest[rest.index(after: hash)...]
      if !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || "_-".contains($0) }) {
        split = SplitName.canonical(String(name))
        rest = rest[..<hash]
      }
    }
    var options: [String: String] = [:]
    if let mark = rest.lastIndex(of: "?") {
      for part in rest[rest.index(after: mark)...].split(separator: "&") {
        let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
        guard pair.count == 2, options.updateValue(pair[1], forKey: pair[0]) == nil else {
          throw .usage(
            "'\(text)': after '?' there must be name=value, each name once",
            remedy: "Write for example objectnet:images?border=0.")
        }
      }
      rest = rest[..<mark]
    }
    guard let colon = rest.firstIndex(of: ":"), !rest[..<colon].contains("/") else {
      return DatasetSpecifier(path: String(rest), split: split, options: options)
    }
    let kind = String(rest[..<colon])
    let path = String(rest[rest.index(after: colon)...])
    let known = DatasetLayouts.all.map(\.kind) + ["builtin"]
    guard known.contains(kind) else {
      let near = nearestName(to: kind, among: known).map { "Did you mean '\($0):'? " } ?? ""
      throw .usage(
        "'\(text)': there is neither such a file nor a kind '\(kind)' of data set",
        remedy: "\(near)Kinds are \(known.joined(separator: ", ")).")
    }
    guard !path.isEmpty else {
      throw .usage("'\(text)': the path is missing", remedy: "Write \(kind):path.")
    }
    return DatasetSpecifier(kind: kind, path: path, split: split, options: options)
  }

  /// Opens what the specifier names: lists the images and reads the labels, decodes nothing.
  ///
  /// Of a large set an index is kept in the cache, from which it opens in no time as long as none of
  /// its folders and lists has changed; see `DatasetIndex`.
  ///
  /// - Parameters:
  ///   - purpose: Which split to read where none is forced.
  ///   - allowMissing: Whether a copy that lacks images is used all the same; each set then says
  ///     under `conditions["missing"]` how many are not there.
  ///   - cache: Where the built-in images and indices are kept; see `MiniDomains.open`.
  ///   - progress: Called with images done and in all while built-in images are rendered or an
  ///     index is made.
  /// - Returns: One data set, one for each domain where there are several; none for validation
  ///   where there is no validation split.
  public func open(
    for purpose: DatasetPurpose, allowMissing: Bool = false, cache: String? = nil,
    progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws(HoldfastError) -> [Dataset] {
    if kind == "builtin" {
      return try MiniDomains.datasets(
        path, purpose: purpose, split: split, cache: cache, progress: progress)
    }
    let index = DatasetIndex(of: self, for: purpose, cache: cache ?? MiniDomains.defaultCache)
    var sets: [Dataset]
    if let known = index.load(allowMissing: allowMissing) {
      sets = known
    } else {
      let recorder = DependencyRecorder()
      sets = try recorder.recording { () throws(HoldfastError) in
        try read(for: purpose, allowMissing: allowMissing)
      }
      index.save(&sets, dependencies: recorder, progress: progress)
    }
    for index in sets.indices { try sets[index].checkCounts(allowMissing: allowMissing) }
    return sets
  }

  private func read(
    for purpose: DatasetPurpose, allowMissing: Bool
  ) throws(HoldfastError) -> [Dataset] {
    let layout = try layout()
    if let unknown = options.keys.sorted().first(where: { !layout.options.contains($0) }) {
      throw .usage(
        "'\(text)': a data set of kind \(layout.kind) has no option '\(unknown)'",
        remedy: layout.options.isEmpty
          ? "Leave it away." : "It has \(layout.options.joined(separator: ", ")).")
    }
    return try layout.open(
      DatasetRequest(
        path: place, purpose: purpose, split: split, options: options, allowMissing: allowMissing))
  }

  /// The path as the system understands it.
  var place: String { (path as NSString).expandingTildeInPath }

  /// The layout that is named, else the one that is recognised.
  func layout() throws(HoldfastError) -> any DatasetLayout {
    if let named = DatasetLayouts.all.first(where: { $0.kind == kind }) { return named }
    return try DatasetLayouts.recognised(place)
  }
}
