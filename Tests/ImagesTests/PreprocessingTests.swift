import Basics
import Foundation
import Images
import TestSupport
import Testing

@Suite struct PreprocessingTests {
  private func read(_ text: String) throws -> Preprocessing {
    try Preprocessing(
      preprocessorConfiguration: try JSONValue.parse(Data(text.utf8), source: "p.json"),
      source: "p.json")
  }

  @Test(arguments: [
    #"{"size": 240, "crop_size": 224}"#,
    #"{"size": {"shortest_edge": 240}, "crop_size": {"height": 224, "width": 224}}"#,
    #"{"size": {"shortest_edge": 240}, "crop_size": 224, "do_resize": true, "resample": 3}"#,
    #"{"size": 240, "image_mean": null, "rescale_factor": 0.00392156862745098}"#,
  ])
  func bothFormsOfSizesAreRead(_ text: String) throws {
    #expect(try read(text) == Preprocessing(resizeShortSide: 240, cropSize: 224))
  }

  @Test func whatIsLeftOutIsCLIPs() throws {
    let preprocessing = try read("{}")
    #expect(preprocessing == Preprocessing(imageSize: 224))
    #expect(preprocessing.mean == [0.48145466, 0.4578275, 0.40821073])
    #expect(preprocessing.std == [0.26862954, 0.26130258, 0.27577711])
  }

  @Test(arguments: [
    ("[]", "object"), (#"{"size": {"height": 224, "width": 224}}"#, "size"),
    (#"{"crop_size": {"height": 224, "width": 200}}"#, "crop_size"),
    (#"{"size": 0}"#, "size"), (#"{"size": 10000000}"#, "size"), (#"{"size": "big"}"#, "size"),
    (#"{"size": 224.5}"#, "size"), (#"{"resample": 2}"#, "resample"),
    (#"{"do_center_crop": false}"#, "do_center_crop"), (#"{"do_rescale": false}"#, "do_rescale"),
    (#"{"rescale_factor": 1}"#, "rescale_factor"), (#"{"image_mean": [1, 2]}"#, "image_mean"),
    (#"{"image_mean": ["a", 1, 2, 3]}"#, "image_mean"), (#"{"image_std": [1, 0, 1]}"#, "image_std"),
  ])
  func whatWouldGiveOtherPixelsIsRefused(_ text: String, _ key: String) {
    expectProblem(.badData, containing: "p.json", key) { try read(text) }
  }

  @Test func theWrittenFileIsReadBack() throws {
    let preprocessing = Preprocessing(
      resizeShortSide: 250, cropSize: 199, mean: [0.1, 0.2, 0.3], std: [0.5, 0.25, 1 / 3])
    #expect(try read(preprocessing.json.text(pretty: true)) == preprocessing)
    #expect(preprocessing.json["image_mean"] == .array([.number(0.1), .number(0.2), .number(0.3)]))
  }

  @Test func codingKeepsEverything() throws {
    let preprocessing = Preprocessing(imageSize: 336)
    let data = try JSONEncoder().encode(preprocessing)
    #expect(try JSONDecoder().decode(Preprocessing.self, from: data) == preprocessing)
    let bad = String(decoding: data, as: UTF8.self).replacingOccurrences(of: "336", with: "-1")
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Preprocessing.self, from: Data(bad.utf8))
    }
  }

  @Test func theDigestTellsRecipesApart() {
    var all = [Preprocessing(), Preprocessing(imageSize: 336)]
    all.append(Preprocessing(resizeShortSide: 256, cropSize: 224))
    all.append(Preprocessing(resizeShortSide: 224, cropSize: 224, mean: [0.5, 0.4, 0.5]))
    all.append(Preprocessing(resizeShortSide: 224, cropSize: 224, std: [0.5, 0.5, 0.5]))
    #expect(Set(all.map(\.digest)).count == all.count)
    let plain = Preprocessing(
      resizeShortSide: 224, cropSize: 220, mean: [0, 0.1, 0.5], std: [1, 0.25, 2])
    #expect(
      plain.digest
        == "pillow-13-bicubic;short-side=224;centre-crop=220;mean=0.0,0.1,0.5;std=1.0,0.25,2.0")
  }

  @Test func augmentationsHaveTheirNames() throws {
    #expect(
      Augmentation.allCases.map(\.rawValue)
        == ["none", "flip", "random-resized-crop", "random-resized-crop-flip"])
  }

  @Test func flippingHappensInHalfOfTheDraws() {
    let image = noise(width: 8, height: 8)
    let preprocessing = Preprocessing(imageSize: 8)
    var flips = 0
    for index in 0..<400 {
      var random = CounterRandom(1, index)
      let result = Augmentation.flip.apply(image, preprocessing: preprocessing, random: &random)
      if result == image.flippedHorizontally() { flips += 1 } else { #expect(result == image) }
      var same = CounterRandom(1, index)
      #expect(Augmentation.none.apply(image, preprocessing: preprocessing, random: &same) == image)
    }
    #expect((150...250).contains(flips))
  }
}
