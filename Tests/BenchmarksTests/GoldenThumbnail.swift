import Benchmarks

/// Brightness of the 8 x 8 cells of a MiniDomains test image, one hexadecimal digit each.
///
/// Version 1 of the renderer made them, in a release build on x86-64 with glibc; there is no other
/// implementation to compare with.
struct GoldenThumbnail: Sendable {
  var domain: MiniDomains.Domain
  var index: Int
  var digits: String

  static let all = [
    GoldenThumbnail(
      domain: .real, index: 6,
      digits: "45455455454545554544345445444444"
        + "45534344454443424534444334345454"),
    GoldenThumbnail(
      domain: .real, index: 10,
      digits: "deedbcdddddc9ccccaa9989aca89abab"
        + "ddb9abbccc989aabcbacb79bdbbddbaa"),
    GoldenThumbnail(
      domain: .real, index: 14,
      digits: "dcbbbbcbcaadcbbcb9cccbabb99bd99b"
        + "a989a8999997888a9a888889aaa97798"),
    GoldenThumbnail(
      domain: .clipart, index: 6,
      digits: "cccccccccccccccc8bcccccc2258a756"
        + "75963263cccc8325cccccccccccccccc"),
    GoldenThumbnail(
      domain: .clipart, index: 10,
      digits: "fffafffffff5bffffa946cfffd5663bf"
        + "ffa669ffff9449ffff8ed8ffffffffff"),
    GoldenThumbnail(
      domain: .clipart, index: 14,
      digits: "fffd9bffffe544dffff4668ffff434ef"
        + "ff856bffff72dffffff8ffffffffffff"),
    GoldenThumbnail(
      domain: .sketch, index: 6,
      digits: "eeddddddddddedeedddeabeed999b9ee"
        + "d79b89dddbdeccddddddddddeddddded"),
    GoldenThumbnail(
      domain: .sketch, index: 10,
      digits: "dddddeeedddc9eeecaa9aceeecabbaa9"
        + "edaba99deaa9a8ddeceea6ddeeeeeddd"),
    GoldenThumbnail(
      domain: .sketch, index: 14,
      digits: "eeebbeeeeca99beeecaaa9eeee8bbbee"
        + "eeb9bceeeee88adeeecbedeeeecdedee"),
    GoldenThumbnail(
      domain: .painting, index: 6,
      digits: "676667666766677557667666559a6565"
        + "4b9b99aa467656774455444434433333"),
    GoldenThumbnail(
      domain: .painting, index: 10,
      digits: "56666667776565556555445665224455"
        + "55334444452334444445344544334444"),
    GoldenThumbnail(
      domain: .painting, index: 14,
      digits: "ccdcbccbbbba9bbdcc9999cccca99abb"
        + "baaabcbbbbaabcacabaabaaa9baaaa9b"),
    GoldenThumbnail(
      domain: .infograph, index: 6,
      digits: "ddddddddddcbbbdddcbbbbcddb98a9bd"
        + "dc9abbcdddcbbbdddddddddddccddddd"),
    GoldenThumbnail(
      domain: .infograph, index: 10,
      digits: "ddddddddddddcddddddb7ddddd6228dd"
        + "dda24ddddc854cdcdccdcdbcdcddddbc"),
    GoldenThumbnail(
      domain: .infograph, index: 14,
      digits: "dddccdddddcbacdddcb99bcddcc99ccd"
        + "dcbaccbdddbbcb9ddccbba9cdcccdc9b"),
    GoldenThumbnail(
      domain: .quickdraw, index: 6,
      digits: "fffffffffffffffffffedcdffdadbfcd"
        + "feabccbdfebdfcaeffffffefffffffff"),
    GoldenThumbnail(
      domain: .quickdraw, index: 10,
      digits: "ffffffffffffffffddbaddefbedfed9d"
        + "fceffbffff9fddafff9aefebffdefffe"),
    GoldenThumbnail(
      domain: .quickdraw, index: 14,
      digits: "fffffffffffaddffffcddbdfff9adbdf"
        + "ffc999ffffb96fffffffbcffffffffff"),
  ]
}
