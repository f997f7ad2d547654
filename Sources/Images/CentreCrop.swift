/// torchvision's `CenterCrop` along one axis.
struct CentreCrop: Hashable {
  /// The first position that is kept.
  var offset = 0
  /// How many positions are kept.
  var length: Int
  /// How many zeros go before them where there are too few.
  var padding = 0

  init(of size: Int, to crop: Int) {
    length = min(size, crop)
    if size < crop {
      padding = (crop - size) / 2
    } else {
      // Python's round(): halves go to the even neighbour.
      offset = Int((Double(size - crop) / 2).rounded(.toNearestOrEven))
    }
  }
}
