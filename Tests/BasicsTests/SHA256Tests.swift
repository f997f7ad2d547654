import Basics
import Foundation
import Testing

@Suite struct SHA256Tests {
  /// Vectors of FIPS 180-4's examples and, at the padding's edges, of Python's `hashlib`.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 55),
      "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"
    ),
    (
      String(repeating: "a", count: 64),
      "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"
    ),
  ])
  func aKnownTextHasItsKnownDigest(_ text: String, _ hex: String) {
    #expect(SHA256.name(of: Data(text.utf8)) == "sha256:" + hex)
  }

  @Test func aMillionBytesInPiecesOfAnySize() {
    var hash = SHA256()
    var left = 1_000_000
    var random = CounterRandom(11)
    while left > 0 {
      let count = min(left, 1 + random.below(30_000))
      hash.update(Data(repeating: 0x61, count: count))
      left -= count
    }
    #expect(
      hash.name == "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test(arguments: [0, 1, 55, 56, 63, 64, 65, 119, 128, 200])
  func whereTheBytesAreSplitDoesNotMatter(_ split: Int) {
    let bytes = Data((0..<200).map { UInt8($0) })
    var hash = SHA256()
    hash.update(bytes[..<split])
    _ = hash.digest
    hash.update(bytes[split...])
    #expect(hash.name == SHA256.name(of: bytes))
    #expect(hash.digest.count == 32)
  }

  /// The processor's own instructions give what the plain rounds do.
  @Test func theFastPathGivesTheDigestsOfThePlainOne() {
    var random = CounterRandom(12)
    for _ in 0..<50 {
      let bytes = Data((0..<random.below(1000)).map { _ in UInt8(random.below(256)) })
      #expect(SHA256.name(of: bytes) == FastPaths.off { SHA256.name(of: bytes) })
    }
  }
}
