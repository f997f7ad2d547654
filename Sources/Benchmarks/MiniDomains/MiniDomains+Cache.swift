import Basics
import Foundation

extension MiniDomains {
  /// The root of the rendered images, which are rendered first where they are not in the cache.
  ///
  /// They are ordinary files in DomainNet's layout, `real/ball/real_001_000001.jpg` with the lists
  /// `real_train.txt`, `real_val.txt`, `real_test.txt`; the other domains have no validation list.
  /// Every list has the same number of images of each class. The folder appears whole or not at
  /// all, also where several processes render at once, and can be deleted at any time.
  ///
  /// - Parameters:
  ///   - cache: The folder of caches; `$HOLDFAST_CACHE`, else `~/.cache/holdfast`.
  ///   - perClass: Images of a class in each list; the benchmark has 50, tests want fewer.
  ///   - progress: Called with images done and in all, from one thread at a time.
  /// - Throws: `HoldfastError` of kind `cannotWrite`, which leaves nothing behind.
  public static func open(
    cache: String? = nil, perClass: Int = 50,
    progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws(HoldfastError) -> String {
    let perClass = min(max(perClass, 1), 10_000)
    let base = cache ?? defaultCache
    let name = "minidomains-\(version)" + (perClass == 50 ? "" : "-of-\(perClass)")
    let root = joined(base, name)
    rendering.lock()
    defer { rendering.unlock() }
    if FileManager.default.fileExists(atPath: root) { return root }
    try AtomicFile.makeFolder(base)
    removeAbandoned(in: base)
    let temporary = joined(base, ".\(name).part-\(UUID().uuidString)")
    do throws(HoldfastError) {
      try render(to: temporary, perClass: perClass, progress: progress)
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
    guard rename(temporary, root) != 0 else { return root }
    let code = errno
    try? FileManager.default.removeItem(atPath: temporary)
    // Another process was faster; its images are the same.
    if FileManager.default.fileExists(atPath: root) { return root }
    throw .cannotWrite(
      "\(root): the folder cannot be made (\(String(cString: strerror(code))))",
      remedy: "Set HOLDFAST_CACHE to a folder that can be written.")
  }

  /// Removes what renderings that were killed left behind; a living one is minutes old at most.
  private static func removeAbandoned(in base: String) {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: base)) ?? [] {
      guard name.hasPrefix(".minidomains-"), name.contains(".part-") else { continue }
      let path = joined(base, name)
      let changed = (try? files.attributesOfItem(atPath: path))?[.modificationDate] as? Date
      if let changed, changed.timeIntervalSinceNow < -3600 { try? files.removeItem(atPath: path) }
    }
  }

  /// Where rendered images are kept unless a call says otherwise.
  public static var defaultCache: String {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["HOLDFAST_CACHE"], !folder.isEmpty {
      return (folder as NSString).expandingTildeInPath
    }
    return joined(NSHomeDirectory(), ".cache/holdfast")
  }

  /// Threads of one process wait for the first to have rendered.
  private static let rendering = NSLock()

  /// The data sets behind `builtin:minidomains/real` and `builtin:minidomains/*`.
  static func datasets(
    _ path: String, purpose: DatasetPurpose, split: String?, cache: String?,
    progress: @Sendable (Int, Int) -> Void
  ) throws(HoldfastError) -> [Dataset] {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    let names = Domain.allCases.map(\.description)
    let name = parts.count == 2 ? String(parts[1]) : "*"
    guard parts.first == "minidomains", parts.count <= 2, name == "*" || names.contains(name) else {
      let known = (names + ["*"]).map { "minidomains/\($0)" }
      let near = nearestName(to: path, among: known).map { "Did you mean 'builtin:\($0)'? " } ?? ""
      throw .usage(
        "'builtin:\(path)': there is no such built-in data set",
        remedy: "\(near)There are \(known.map { "builtin:\($0)" }.joined(separator: ", ")).")
    }
    let root = try open(cache: cache, progress: progress)
    let request = DatasetRequest(
      path: name == "*" ? root : joined(root, name), purpose: purpose, split: split)
    var sets: [Dataset]
    do throws(HoldfastError) {
      sets = try DomainListLayout().open(request, title: "minidomains", kind: "minidomains")
    } catch {
      // A user's wrong split is not the cache's fault.
      guard split == nil else { throw error }
      throw HoldfastError(
        error.kind, error.problem, remedy: "Delete the folder \(root); it is rendered again.")
    }
    for index in sets.indices where sets[index].split != SplitName.all {
      sets[index].expectedImages = 50 * classNames.count
    }
    return sets
  }
}
