import Basics
import Benchmarks
import FeatureProtection
import Foundation
import Images

extension Speed {
  /// The second and later evaluations of the same images: all pixels read from the store.
  ///
  /// The check says how many bytes of files were read meanwhile.
  static func storePart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let datasets = try inputs.texts("sets").map { try inputs.dataset($0) }
    let store = PixelStore()
    let rounds = try inputs.count("rounds")
    let read = { () throws -> UInt64 in
      var sum: UInt64 = 0
      for dataset in datasets {
        try store.forEachBlock(
          of: dataset, preprocessing: Preprocessing(imageSize: 224), batchSize: 64, inputs.context
        ) { block in
          for batch in block { sum &+= batch.pixels.withUnsafeBytes(sumOfWords) }
        }
      }
      return sum
    }
    let first = try read()
    try conversation.serve {
      let before = bytesRead()
      let start = ContinuousClock.now
      for _ in 0..<rounds where try read() != first {
        throw HoldfastError.internalError("the store gave other pixels")
      }
      let duration = ContinuousClock.now - start
      let files = bytesRead() - before
      return Conversation.Answer(
        duration, count: rounds * pixelBytes(datasets),
        check: .object(["file bytes": .integer(files)]))
    }
  }

  /// The same number of bytes read from one plain array.
  static func plainReadPart(_ inputs: Inputs, _ conversation: Conversation) throws {
    let datasets = try inputs.texts("sets").map { try inputs.dataset($0) }
    let rounds = try inputs.count("rounds")
    let bytes = (0..<pixelBytes(datasets)).map { UInt8(truncatingIfNeeded: $0) }
    let first = bytes.withUnsafeBytes(sumOfWords)
    try conversation.serve {
      let start = ContinuousClock.now
      for _ in 0..<rounds where bytes.withUnsafeBytes(sumOfWords) != first {
        throw HoldfastError.internalError("the array changed")
      }
      return Conversation.Answer(ContinuousClock.now - start, count: rounds * bytes.count)
    }
  }

  private static func pixelBytes(_ datasets: [Dataset]) -> Int {
    datasets.reduce(0) { $0 + $1.samples.count } * 3 * 224 * 224
  }

  /// Looks at every whole word.
  @inline(never)
  private static func sumOfWords(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    bytes.bindMemory(to: UInt64.self).reduce(0, &+)
  }

  /// What this process has read from files so far, where the system tells it.
  private static func bytesRead() -> Int {
    guard let data = FileManager.default.contents(atPath: "/proc/self/io") else { return 0 }
    let fields = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard let place = fields.firstIndex(of: "rchar:"), place + 1 < fields.count else { return 0 }
    return Int(fields[place + 1]) ?? 0
  }
}
