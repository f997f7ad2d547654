/// What can be measured on a data set; never a bare "accuracy".
public enum DatasetMetric: String, Hashable, Sendable, CaseIterable {
  /// The fraction of images whose highest logit is the right class's.
  case top1
  /// The fraction whose right class is among the five highest logits.
  case top5
  /// `top1` where the logits of the whole `ClassMap` list compete, not those of the set's classes.
  case top1OfAll = "top1-of-all"
  /// The mean over classes of the fraction of their images answered right.
  case meanPerClass = "mean-per-class"
  /// The mean over classes of the harmonic mean of precision and recall (WILDS' iWildCam).
  case macroF1 = "macro-f1"
  /// The lowest `top1` of a group of images (WILDS' FMoW: of a region).
  case worstGroup = "worst-group"
  /// The mean over corruptions of the error relative to AlexNet's (ImageNet-C).
  case mCE = "mce"
}
