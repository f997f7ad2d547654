/// A small synthetic benchmark of 20 classes in six domains, rendered on the spot.
///
/// It is made to show in minutes what DomainNet shows in days: the training images of the domain
/// `real` have colours, places and poses typical of their class, which hold in no other domain, so
/// that a model which learns these shortcuts gains on `real` and loses elsewhere. Every image is a
/// function of its domain, split and number, whatever the thread or the order.
///
/// Images are 32 x 32 pixels; the classes and styles are drawn from distance fields.
public enum MiniDomains {
  /// The version of images and lists; a change of either is a new folder in the cache.
  public static let version = 1
  /// Width and height of an image in pixels.
  public static let side = 32
  /// The seed of every image on disk.
  static let seed = 20_260_101

  /// The domains; their names are those of DomainNet (Peng et al., ICCV 2019).
  public enum Domain: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case real, clipart, sketch, painting, infograph, quickdraw

    /// The name, as folders and lists have it.
    public var description: String {
      switch self {
      case .real: "real"
      case .clipart: "clipart"
      case .sketch: "sketch"
      case .painting: "painting"
      case .infograph: "infograph"
      case .quickdraw: "quickdraw"
      }
    }
  }

  /// The parts of a domain's images.
  public enum Split: String, Hashable, Sendable, CaseIterable {
    case train
    case validation = "val"
    case test
  }

  /// The main names of the classes, in index order.
  public static let classNames = ObjectClass.all.map(\.name)
  /// One other name for each class.
  public static let synonyms = ObjectClass.all.map(\.synonym)
  /// The family of each class, `animal` for example.
  public static let hypernyms = ObjectClass.all.map(\.hypernym)
  /// The names of the object colours, in index order.
  public static let colourNames = ObjectColour.all.map(\.name)
  /// The names of the backgrounds, in index order.
  public static let placeNames = Place.all.map(\.name)
  /// The colour index that training images of `real` favour, for each class.
  public static let typicalColours = ObjectClass.all.map(\.typicalColour)
  /// The place index that training images of `real` favour, for each class.
  public static let typicalPlaces = ObjectClass.all.map(\.typicalPlace)
}
