import Basics

/// open_clip's `preprocess_cfg`: how an image becomes a model's input.
///
/// The short side is resized to the model's size with a bicubic filter and the centre cut out, as
/// CLIP does; what open_clip can also do (stretching, padding, another filter) is refused.
struct OpenCLIPPreprocessing {
  /// OpenAI's, as are the defaults of open_clip.
  var mean: [Double] = [0.48145466, 0.4578275, 0.40821073]
  var std: [Double] = [0.26862954, 0.26130258, 0.27577711]

  /// Reads a `preprocess_cfg`, in which everything may be left out.
  ///
  /// - Parameter source: The file's name, for the error.
  init(_ json: JSONValue, source: String) throws(HoldfastError) {
    guard json.object != nil || json == .null else {
      throw Self.unusable(source, "preprocess_cfg", json, "an object")
    }
    for (key, only) in [
      ("interpolation", "bicubic"), ("resize_mode", "shortest"), ("mode", "RGB"),
    ] {
      guard let value = json[key], value != .null, value != .string(only) else { continue }
      throw Self.unusable(source, key, value, "\(only), the only one that holdfast has")
    }
    mean = try Self.channels(json, "mean", source) ?? mean
    std = try Self.channels(json, "std", source) ?? std
    guard std.allSatisfy({ $0 > 0 }) else {
      throw Self.unusable(source, "std", json["std"] ?? .null, "positive")
    }
  }

  /// Reads what a `preprocessor_config.json` of `transformers` says.
  ///
  /// - Parameter imageSize: The model's; open_clip has no other.
  /// - Throws: `HoldfastError` of kind `badData` where open_clip cannot say the same.
  init(
    huggingFace json: JSONValue, imageSize: Int, source: String
  ) throws(HoldfastError) {
    for (key, parts) in [("size", ["shortest_edge"]), ("crop_size", ["height", "width"])] {
      guard let value = json[key], value != .null else { continue }
      let sides = value.int.map { [$0] } ?? parts.map { value[$0]?.int ?? 0 }
      guard sides.allSatisfy({ $0 == imageSize }) else {
        throw Self.unusable(source, key, value, "\(imageSize), the model's, in the other layout")
      }
    }
    if let filter = json["resample"], filter != .null, filter.int != 3 {
      throw Self.unusable(source, "resample", filter, "3 (bicubic)")
    }
    mean = try Self.channels(json, "image_mean", source) ?? mean
    std = try Self.channels(json, "image_std", source) ?? std
  }

  /// What open_clip writes.
  func openCLIP(imageSize: Int) -> JSONValue {
    .object([
      "mean": .array(mean.map(JSONValue.number)), "std": .array(std.map(JSONValue.number)),
      "interpolation": .string("bicubic"), "resize_mode": .string("shortest"),
      "size": .integer(imageSize),
    ])
  }

  /// The content of a `preprocessor_config.json`.
  func huggingFace(imageSize: Int) -> JSONValue {
    .object([
      "image_processor_type": .string("CLIPImageProcessor"), "do_resize": .bool(true),
      "size": .object(["shortest_edge": .integer(imageSize)]), "resample": .integer(3),
      "do_center_crop": .bool(true),
      "crop_size": .object(["height": .integer(imageSize), "width": .integer(imageSize)]),
      "do_rescale": .bool(true), "rescale_factor": .number(1 / 255), "do_normalize": .bool(true),
      "image_mean": .array(mean.map(JSONValue.number)),
      "image_std": .array(std.map(JSONValue.number)), "do_convert_rgb": .bool(true),
    ])
  }

  private static func channels(
    _ json: JSONValue, _ key: String, _ source: String
  ) throws(HoldfastError) -> [Double]? {
    guard let value = json[key], value != .null else { return nil }
    let numbers = (value.array ?? []).compactMap(\.double).filter(\.isFinite)
    guard numbers.count == 3, value.array?.count == 3 else {
      throw unusable(source, key, value, "three numbers")
    }
    return numbers
  }

  private static func unusable(
    _ source: String, _ key: String, _ value: JSONValue, _ expected: String
  ) -> HoldfastError {
    .badData(
      "\(source): \(key) is \(value.text()), which must be \(expected)",
      remedy: "Use a model with CLIP's preprocessing.")
  }
}
