import Benchmarks
import Basics
import CLIP
import Images

/// The captioned images that MiniCLIP is pre-trained on.
struct PretrainingWorld {
  /// The image-caption pairs of one step.
  struct Batch {
    var pixels: PixelBatch
    /// Start token, words, end token.
    var tokens: [[Int]]
    /// `[pairs, words]`, each row the uniform distribution over the caption's content words.
    var words: [Float]
  }

  let tokenizer: Tokenizer
  private let pool: MiniDomains.PretrainingPool
  private let tokenOfWord: [String: Int]
  private let columns: [String: Int]

  init(_ tokenizer: Tokenizer, poolSize: Int, seed: Int) {
    self.tokenizer = tokenizer
    pool = MiniDomains.PretrainingPool(count: poolSize, seed: seed)
    tokenOfWord = Dictionary(
      uniqueKeysWithValues: MiniDomains.vocabulary.map { ($0, tokenizer.tokens(of: $0)[1]) })
    columns = Dictionary(
      uniqueKeysWithValues: MiniDomains.contentWords.sorted().enumerated().map { ($1, $0) })
  }

  /// The number of content words.
  var wordCount: Int { columns.count }

  /// The pairs of a step, a function of step and seed; captions are drawn anew each time.
  func batch(_ step: Int, size: Int, seed: Int, onlyShort: Bool) -> Batch {
    let side = MiniDomains.side
    let imageSize = 3 * side * side
    var bytes = [UInt8](repeating: 0, count: size * imageSize)
    var tokens: [[Int]] = []
    var words = [Float](repeating: 0, count: size * wordCount)
    for row in 0..<size {
      var random = CounterRandom(seed, 17, step, row)
      let index = random.below(pool.scenes.count)
      copyPlanes(of: index, into: &bytes, at: row * imageSize, pixels: side * side)
      let caption = MiniDomains.caption(
        for: pool.scenes[index], short: onlyShort, random: &random)
      tokens.append(
        [tokenizer.startToken] + caption.compactMap { tokenOfWord[$0] } + [tokenizer.endToken])
      let content = caption.compactMap { columns[$0] }
      for column in content { words[row * wordCount + column] += 1 / Float(content.count) }
    }
    let batch = PixelBatch(
      pixels: PixelBuffer(bytes), count: size, size: side, positions: Array(0..<size),
      skipped: [])
    return Batch(pixels: batch, tokens: tokens, words: words)
  }

  /// Interleaved colours to planes.
  private func copyPlanes(of index: Int, into bytes: inout [UInt8], at start: Int, pixels: Int) {
    bytes.withUnsafeMutableBufferPointer { target in
      pool.pixels.withUnsafeBufferPointer { source in
        for pixel in 0..<pixels {
          for channel in 0..<3 {
            target[start + channel * pixels + pixel] =
              source[(index * pixels + pixel) * 3 + channel]
          }
        }
      }
    }
  }
}
