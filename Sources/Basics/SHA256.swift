internal import CDigest
import Foundation

/// The SHA-256 digest of bytes that arrive piece by piece (FIPS 180-4).
///
/// ```swift
/// var hash = SHA256()
/// hash.update(first)
/// hash.update(second)
/// print(hash.name)  // "sha256:…"
/// ```
public struct SHA256: Sendable {
  private var state = SIMD8<UInt32>(
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19)
  private var pending: [UInt8] = []
  private var byteCount: UInt64 = 0

  public init() {}

  /// Adds the bytes of a buffer.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    byteCount &+= UInt64(bytes.count)
    var start = 0
    if !pending.isEmpty {
      start = min(64 - pending.count, bytes.count)
      pending.append(contentsOf: bytes[..<start])
      guard pending.count == 64 else { return }
      let block = pending
      block.withUnsafeBytes { absorb($0) }
      pending.removeAll(keepingCapacity: true)
    }
    let end = bytes.count - (bytes.count - start) % 64
    absorb(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    pending.append(contentsOf: bytes[end...])
  }

  /// Adds bytes.
  public mutating func update(_ data: Data) {
    data.withUnsafeBytes { update($0) }
  }

  /// The 32 bytes of the digest of everything added so far; more can be added afterwards.
  public var digest: [UInt8] {
    var last = self
    let bits = byteCount &<< 3
    let zeros = (119 - pending.count) % 64
    let padding = [0x80] + [UInt8](repeating: 0, count: zeros)
    let tail = padding + Self.bigEndian(bits)
    tail.withUnsafeBytes { last.update($0) }
    return last.state.indices.flatMap { Self.bigEndian(last.state[$0]) }
  }

  /// The digest as files name it: `sha256:` and 64 hexadecimal digits.
  public var name: String {
    "sha256:" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The name of one piece's digest.
  public static func name(of data: Data) -> String {
    var hash = SHA256()
    hash.update(data)
    return hash.name
  }

  /// The name of a file's digest; the file is read piece by piece.
  ///
  /// - Throws: `HoldfastError` of kind `missingInput` where it cannot be read.
  public static func name(ofFile path: String) throws(HoldfastError) -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw .missingInput(
        "\(path): the file cannot be opened", remedy: "Check the path and its permissions.")
    }
    defer { try? handle.close() }
    var hash = SHA256()
    do {
      while let piece = try handle.read(upToCount: 1 << 22), !piece.isEmpty { hash.update(piece) }
    } catch {
      throw .missingInput("\(path): the file cannot be read", remedy: "Check that it is a file.")
    }
    return hash.name
  }

  private static func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  /// Mixes whole blocks of 64 bytes into the state, with the processor's own instructions where it has
  /// them.
  private mutating func absorb(_ blocks: UnsafeRawBufferPointer) {
    guard !blocks.isEmpty, !(FastPaths.areOn && absorbFast(blocks)) else { return }
    state = Self.roundConstants.withUnsafeBufferPointer { constants in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
        var state = state
        for offset in stride(from: 0, to: blocks.count, by: 64) {
          Self.expand(UnsafeRawBufferPointer(rebasing: blocks[offset..<offset + 64]), into: words)
          state &+= Self.mixed(state, words, constants)
        }
        return state
      }
    }
  }

  private mutating func absorbFast(_ blocks: UnsafeRawBufferPointer) -> Bool {
    withUnsafeMutableBytes(of: &state) { state in
      cdigest_sha256_blocks(
        state.assumingMemoryBound(to: UInt32.self).baseAddress, Self.roundConstants,
        blocks.assumingMemoryBound(to: UInt8.self).baseAddress, blocks.count / 64)
    }
  }

  @inline(__always)
  private static func expand(
    _ block: UnsafeRawBufferPointer, into words: UnsafeMutableBufferPointer<UInt32>
  ) {
    for i in 0..<16 {
      words[i] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self))
    }
    for i in 16..<64 {
      let a = words[i - 15]
      let b = words[i - 2]
      let first = rotated(a, 7) ^ rotated(a, 18) ^ (a &>> 3)
      let second = rotated(b, 17) ^ rotated(b, 19) ^ (b &>> 10)
      words[i] = words[i - 16] &+ first &+ words[i - 7] &+ second
    }
  }

  /// The state after 64 rounds; eight at a time, so that no variable has to move.
  @inline(__always)
  private static func mixed(
    _ s: SIMD8<UInt32>, _ w: UnsafeMutableBufferPointer<UInt32>, _ k: UnsafeBufferPointer<UInt32>
  ) -> SIMD8<UInt32> {
    var (a, b, c, d, e, f, g, h) = (s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7])
    for i in stride(from: 0, to: 64, by: 8) {
      round(a, b, c, &d, e, f, g, &h, w[i] &+ k[i])
      round(h, a, b, &c, d, e, f, &g, w[i + 1] &+ k[i + 1])
      round(g, h, a, &b, c, d, e, &f, w[i + 2] &+ k[i + 2])
      round(f, g, h, &a, b, c, d, &e, w[i + 3] &+ k[i + 3])
      round(e, f, g, &h, a, b, c, &d, w[i + 4] &+ k[i + 4])
      round(d, e, f, &g, h, a, b, &c, w[i + 5] &+ k[i + 5])
      round(c, d, e, &f, g, h, a, &b, w[i + 6] &+ k[i + 6])
      round(b, c, d, &e, f, g, h, &a, w[i + 7] &+ k[i + 7])
    }
    return SIMD8(a, b, c, d, e, f, g, h)
  }

  @inline(__always)
  private static func round(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32,
    _ e: UInt32, _ f: UInt32, _ g: UInt32, _ h: inout UInt32, _ input: UInt32
  ) {
    let choice = g ^ (e & (f ^ g))
    let majority = (a & b) ^ (c & (a ^ b))
    h = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ input
    d = d &+ h
    h = h &+ (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
  }

  @inline(__always)
  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
    (word &>> count) | (word &<< (32 &- count))
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let roundConstants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1,
    0x923f_82a4, 0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3,
    0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786,
    0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147,
    0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13,
    0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a,
    0x5b9c_ca4f, 0x682e_6ff3, 0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208,
    0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]
}
