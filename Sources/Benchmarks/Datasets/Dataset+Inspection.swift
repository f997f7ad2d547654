import Basics

extension Dataset {
  /// What `data inspect --format json` prints, with the first samples of a sequential run.
  ///
  /// - Parameter limit: How many samples to list.
  public func inspection(samples limit: Int) -> JSONValue {
    .object([
      "name": .string(name),
      "kind": .string(kind),
      "rule": .string(rule),
      "split": .string(split),
      "images": .integer(samples.count),
      "classes": .integer(classes.count),
      "expected_images": expectedImages.map(JSONValue.integer) ?? .null,
      "metrics": .array(metrics.map { .string($0.rawValue) }),
      "conditions": .object(conditions),
      "domains": .array(domains.map(JSONValue.string)),
      "ignored_files": .integer(ignoredFiles),
      "missing_files": .integer(missingFiles.count),
      "bytes": bytes.map(JSONValue.integer) ?? .null,
      "samples": .array(samples.prefix(max(limit, 0)).map { inspection(of: $0) }),
    ])
  }

  private func inspection(of sample: Sample) -> JSONValue {
    .object([
      "path": .string(sample.path),
      "label": .integer(sample.label),
      "name": classes.indices.contains(sample.label) ? .string(classes[sample.label]) : .null,
      "domain": sample.domain.map(JSONValue.string) ?? .null,
      "group": sample.group.map(JSONValue.string) ?? .null,
    ])
  }

  /// What is about to be scored or trained on, in one line: counts, the label rule in force, and
  /// the conditions that its numbers are under.
  public var summary: String {
    var parts = [
      "\(name): \(samples.count) images, \(classes.count) classes, split \(split)", rule,
    ]
    if let classMap {
      parts.append("classes of \(classMap.list) (\(classMap.names.count))")
    }
    if !conditions.isEmpty {
      let texts = conditions.sorted { $0.key < $1.key }.map {
        "\($0.key) \($0.value.string ?? $0.value.text())"
      }
      parts.append(texts.joined(separator: ", "))
    }
    return parts.joined(separator: "; ")
  }
}
