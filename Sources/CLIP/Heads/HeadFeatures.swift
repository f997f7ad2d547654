/// Which of the image tower's vectors a head stands on.
public enum HeadFeatures: String, Sendable, Hashable, CaseIterable {
  /// Those of the space shared with texts: what every head made from prompts stands on.
  case projected
  /// Those before the last linear map: of a vision transformer the class token after its norm, of a
  /// ResNet what attention pooling gathers.
  case pooled
}

extension CLIPArchitecture {
  /// The width of a head's features.
  public func width(of features: HeadFeatures) -> Int {
    switch (features, vision) {
    case (.projected, _): projectionWidth
    case (.pooled, .transformer(let transformer, _)): transformer.width
    case (.pooled, .resNet(let resNet)): resNet.outputWidth
    }
  }

  /// The linear map from pooled to projected features: `[projection width, pooled width]`.
  var projectionName: String {
    if case .resNet = vision { "visual.attnpool.c_proj.weight" } else { "visual_projection.weight" }
  }
}
