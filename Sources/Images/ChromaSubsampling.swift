/// How a JPEG file keeps colour: whole, or at half the resolution in one or both directions.
public enum ChromaSubsampling: String, Codable, Hashable, Sendable, CaseIterable {
  case none = "4:4:4"
  case horizontal = "4:2:2"
  case both = "4:2:0"
}
