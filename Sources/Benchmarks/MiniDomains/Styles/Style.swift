import Basics

/// How a domain paints an object that has been placed on the canvas.
protocol Style {
  /// The amplitude of the unsteady hand, in object coordinates.
  static var wobble: Double { get }
  /// Paints the image; `colour` is the object's, already varied.
  static func paint(
    _ canvas: Canvas, _ scene: MiniDomains.Scene, _ colour: Colour, random: inout CounterRandom)
}

extension MiniDomains.Domain {
  var style: any Style.Type {
    switch self {
    case .real: RealStyle.self
    case .clipart: ClipartStyle.self
    case .sketch: SketchStyle.self
    case .painting: PaintingStyle.self
    case .infograph: InfographStyle.self
    case .quickdraw: QuickdrawStyle.self
    }
  }
}
