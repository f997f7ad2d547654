import Basics
import Foundation
import Images

extension MiniDomains {
  /// One image to be written.
  private struct Job: Sendable {
    var scene: Scene
    var split: Split
    /// Relative to the root.
    var path: String
  }

  /// Whether a domain has a list for a split: only `real` is validated on.
  static func hasList(_ domain: Domain, _ split: Split) -> Bool {
    domain == .real || split != .validation
  }

  /// Renders all images and writes them with their lists.
  static func render(
    to root: String, perClass: Int, progress: @Sendable (Int, Int) -> Void
  ) throws(HoldfastError) {
    for domain in Domain.allCases {
      for name in classNames { try AtomicFile.makeFolder("\(root)/\(domain)/\(name)") }
    }
    let jobs = self.jobs(perClass: perClass)
    let state = RenderingState(total: jobs.count)
    inBlocks(of: jobs.count) { range in
      guard !state.hasFailed else { return }
      do throws(HoldfastError) {
        let renderer = MiniRenderer()
        for index in range { try write(jobs[index], with: renderer, under: root) }
        state.finished(range.count, progress)
      } catch {
        state.failed(error)
      }
    }
    if let error = state.failure { throw error }
    for domain in Domain.allCases {
      for split in Split.allCases where hasList(domain, split) {
        let lines =
          jobs.filter { $0.scene.domain == domain && $0.split == split }
          .sorted { precedesInBytes($0.path, $1.path) }
          .map { "\($0.path) \($0.scene.label)\n" }
        try write(Data(lines.joined().utf8), to: "\(root)/\(domain)_\(split.rawValue).txt")
      }
    }
  }

  private static func jobs(perClass: Int) -> [Job] {
    let count = perClass * classNames.count
    var jobs: [Job] = []
    for domain in Domain.allCases {
      for (part, split) in Split.allCases.enumerated() where hasList(domain, split) {
        for index in 0..<count {
          let scene = scene(domain: domain, split: split, index: index)
          let number = padded(part * count + index + 1, to: 6)
          let file = "\(domain)_\(padded(scene.label + 1, to: 3))_\(number)"
          let path = "\(domain)/\(classNames[scene.label])/\(file)"
          jobs.append(
            Job(scene: scene, split: split, path: path + (domain == .quickdraw ? ".png" : ".jpg")))
        }
      }
    }
    return jobs
  }

  private static func write(
    _ job: Job, with renderer: MiniRenderer, under root: String
  ) throws(HoldfastError) {
    let image = renderer.image(of: job.scene)
    let file = try job.scene.domain == .quickdraw ? image.png() : image.jpeg(quality: 95)
    try write(file, to: joined(root, job.path))
  }

  /// Writes a new file in place: the folder is renamed as a whole, so that its files need neither
  /// be replaced nor flushed one by one.
  private static func write(_ data: Data, to path: String) throws(HoldfastError) {
    do {
      try data.write(to: URL(fileURLWithPath: path))
    } catch {
      throw .cannotWrite(
        "\(path): the file cannot be written",
        remedy: "Free some space, or set HOLDFAST_CACHE to another folder.")
    }
  }

  private static func padded(_ number: Int, to width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(width - digits.count, 0)) + digits
  }
}

/// What the threads that render tell one another.
private final class RenderingState: @unchecked Sendable {
  private let lock = NSLock()
  private let total: Int
  private var done = 0
  private var error: HoldfastError?

  init(total: Int) { self.total = total }

  var failure: HoldfastError? { lock.withLock { error } }
  var hasFailed: Bool { failure != nil }

  func failed(_ error: HoldfastError) {
    lock.withLock { self.error = self.error ?? error }
  }

  func finished(_ count: Int, _ progress: (Int, Int) -> Void) {
    lock.withLock {
      done += count
      progress(done, total)
    }
  }
}
