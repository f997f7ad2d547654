import Basics

extension Preprocessing {
  /// Reads the content of a `preprocessor_config.json` of transformers.
  ///
  /// `size` is a number or `{"shortest_edge": n}`, `crop_size` a number or
  /// `{"height": n, "width": n}`; what the file leaves out has CLIP's default. What would give
  /// other pixels than CLIP's preprocessing (another filter, a stretched image, a step left out)
  /// is refused rather than ignored.
  ///
  /// - Parameter source: The file's name, for the error.
  /// - Throws: `HoldfastError` of kind `badData` that names the key.
  public init(
    preprocessorConfiguration json: JSONValue, source: String
  ) throws(HoldfastError) {
    let file = ConfigurationReader(json: json, source: source)
    guard json.object != nil else { throw file.problem("", "must be an object") }
    for step in ["do_resize", "do_center_crop", "do_rescale", "do_normalize", "do_convert_rgb"]
    where json[step]?.bool == false {
      throw file.problem(step, "is false, but only CLIP's full preprocessing is known")
    }
    if let filter = json["resample"], filter != .null, filter.int != 3 {
      throw file.problem("resample", "must be 3 (bicubic)")
    }
    if let factor = json["rescale_factor"], factor != .null,
      abs((factor.double ?? 0) - 1 / 255) > 1e-9
    {
      throw file.problem("rescale_factor", "must be 1/255")
    }
    let crop = try file.side("crop_size", parts: ["height", "width"]) ?? 224
    self.init(
      resizeShortSide: try file.side("size", parts: ["shortest_edge"]) ?? 224, cropSize: crop)
    mean = try file.channels("image_mean") ?? mean
    std = try file.channels("image_std") ?? std
    guard std.allSatisfy({ $0 > 0 }) else { throw file.problem("image_std", "must be positive") }
  }

  /// The content of a `preprocessor_config.json` that transformers reads.
  public var json: JSONValue {
    .object([
      "image_processor_type": .string("CLIPImageProcessor"),
      "do_resize": .bool(true),
      "size": .object(["shortest_edge": .integer(resizeShortSide)]),
      "resample": .integer(3),
      "do_center_crop": .bool(true),
      "crop_size": .object(["height": .integer(cropSize), "width": .integer(cropSize)]),
      "do_rescale": .bool(true),
      "rescale_factor": .number(1 / 255),
      "do_normalize": .bool(true),
      "image_mean": .array(mean.map { .number(Self.shortest($0)) }),
      "image_std": .array(std.map { .number(Self.shortest($0)) }),
      "do_convert_rgb": .bool(true),
    ])
  }

  /// The double of the number's shortest decimal text, so that 0.1 is written as 0.1.
  private static func shortest(_ value: Float) -> Double {
    Double("\(value)") ?? Double(value)
  }
}

/// The keys of one configuration file, and errors that name them.
private struct ConfigurationReader {
  var json: JSONValue
  var source: String

  func problem(_ key: String, _ text: String) -> HoldfastError {
    .badData(
      key.isEmpty ? "\(source): \(text)" : "\(source): \(key) \(text)",
      remedy: "Use the preprocessor_config.json that belongs to a CLIP model.")
  }

  /// A side in pixels, written as a number or as an object whose members all hold it.
  func side(_ key: String, parts: [String]) throws(HoldfastError) -> Int? {
    guard let value = json[key], value != .null else { return nil }
    let form = parts.map { "\"\($0)\": n" }.joined(separator: ", ")
    var sides = [value.int]
    if let members = value.object {
      guard Set(members.keys) == Set(parts) else {
        throw problem(key, "must be a number or {\(form)}")
      }
      sides = parts.map { members[$0]?.int }
    }
    guard let side = sides[0], sides.allSatisfy({ $0 == side }),
      Preprocessing.sides.contains(side)
    else {
      throw problem(key, "must be a number or {\(form)}, one from 1 to 8192")
    }
    return side
  }

  func channels(_ key: String) throws(HoldfastError) -> [Float]? {
    guard let value = json[key], value != .null else { return nil }
    let numbers = (value.array ?? []).compactMap(\.double).map(Float.init)
    guard numbers.count == 3, value.array?.count == 3, numbers.allSatisfy(\.isFinite) else {
      throw problem(key, "must be three numbers")
    }
    return numbers
  }
}
