import Basics
import Foundation

extension MiniDomains {
  /// What an image shows; the image is a function of it.
  public struct Scene: Hashable, Sendable {
    /// Where the object is and how it is turned.
    public struct Pose: Hashable, Sendable {
      /// Pixels for one unit of object coordinates (about half the object's size).
      public var scale: Double
      /// In radians.
      public var rotation: Double
      /// The centre in pixels from the top left.
      public var x: Double
      public var y: Double
      public var isFlipped: Bool
      /// How much wider than high, 1 for neither.
      public var aspect: Double
      public var shear: Double
    }

    public let domain: Domain
    /// The class.
    public let label: Int
    /// An index into `colourNames`.
    public let colour: Int
    /// An index into `placeNames`.
    public let place: Int
    public let pose: Pose
    /// Whether the pose is of the narrow kind that training images of `real` favour.
    public let hasNarrowPose: Bool
    /// What everything else is drawn from: texture, clutter, strokes, noise.
    public let seed: Int

    /// Draws a scene.
    ///
    /// - Parameters:
    ///   - label: The class, from 0 to 19; another one is a mistake of the caller.
    ///   - shortcuts: How often colour, place and pose follow the class.
    public init(
      domain: Domain, label: Int, shortcuts: Shortcuts = .none, random: inout CounterRandom
    ) {
      precondition(ObjectClass.all.indices.contains(label), "a class of MiniDomains")
      let known = ObjectClass.all[label]
      let freeColour = random.below(ObjectColour.all.count)
      let freePlace = random.below(Place.all.count)
      self.domain = domain
      self.label = label
      colour = random.chance(shortcuts.colour) ? known.typicalColour : freeColour
      place = random.chance(shortcuts.place) ? known.typicalPlace : freePlace
      hasNarrowPose = random.chance(shortcuts.pose)
      pose = Pose(domain: domain, isNarrow: hasNarrowPose, random: &random)
      seed = Int(truncatingIfNeeded: random.next())
    }
  }

  /// How often an image's colour, place and pose are the ones typical of its class.
  public struct Shortcuts: Hashable, Sendable {
    public var colour: Double
    public var place: Double
    public var pose: Double

    /// Independent of the class, as in all domains but `real` and in the pre-training mixture.
    public static let none = Shortcuts(colour: 0, place: 0, pose: 0)
    /// What every split of `real` has.
    public static let fineTuning = Shortcuts(colour: 0.6, place: 0.8, pose: 0.9)
  }
}

extension MiniDomains.Scene.Pose {
  /// Draws a pose; a narrow one is nearly upright, never small and never flipped.
  init(domain: MiniDomains.Domain, isNarrow: Bool, random: inout CounterRandom) {
    let turn = isNarrow ? 0.3 : 1
    let middle = Double(MiniDomains.side) / 2
    let range = domain == .infograph ? (0.55, 0.72) : isNarrow ? (0.75, 0.92) : (0.72, 0.95)
    scale = random.uniform(range.0, range.1) * middle
    rotation = random.uniform(-0.25, 0.25) * turn
    // Large objects have less room to move.
    let room = min(2, max(1, middle - 0.85 * scale))
    x = middle + random.uniform(-room, room)
    y = middle + random.uniform(-room, room) - (domain == .infograph ? 1.5 : 0)
    isFlipped = random.chance(0.5) && !isNarrow
    aspect = exp(random.uniform(-0.22, 0.22) * turn)
    shear = random.uniform(-0.2, 0.2) * turn
  }
}
