import Basics
import FeatureProtection

/// What `merge` is asked for: one way to combine models.
enum MergePlan {
  /// An adapter into its model; without a folder the model is an adapter's own.
  case adapter(model: String, folder: String?)
  /// A point of the line between two models.
  case point(from: String, to: String, alpha: Double)
  case soup(SoupKind, of: [String])
  case stock(reference: String, tuned: [String])

  /// How a soup chooses.
  enum SoupKind: String {
    case uniform, greedy
  }

  /// What was given on the command line.
  struct Request {
    var from: String?
    var to: String?
    var alpha: Double?
    var adapter: String?
    var soup: String?
    var isStock = false
    var models: [String] = []
    var data: [String] = []
  }

  /// - Throws: `HoldfastError` of kind `usage` where options do not belong together or lack.
  init(_ request: Request) throws(HoldfastError) {
    let tuned = [request.to].compactMap { $0 } + request.models
    guard request.soup == nil || !request.isStock else {
      throw .usage("--soup and --stock together", remedy: "Give one of them.")
    }
    guard request.alpha == nil || (request.soup == nil && !request.isStock) else {
      throw .usage(
        "--\(request.isStock ? "stock" : "soup") and --alpha together",
        remedy: "Give one of them: only the line from --from to --to has an α.")
    }
    guard request.data.isEmpty || request.soup == SoupKind.greedy.rawValue else {
      throw .usage(
        "--data without --soup greedy", remedy: "Nothing else is chosen by data; leave it out.")
    }
    let isAdapterAlone =
      request.from.map(ModelLocation.isAdapter) ?? false && request.alpha == nil
      && request.soup == nil && !request.isStock && tuned.isEmpty
    if request.adapter != nil || isAdapterAlone {
      self = try Self.adapter(request, tuned)
    } else if request.isStock {
      self = try Self.stock(request, tuned)
    } else if let soup = request.soup {
      self = try Self.soup(soup, request, tuned)
    } else {
      self = try Self.point(request)
    }
  }

  private static func adapter(
    _ request: Request, _ tuned: [String]
  ) throws(HoldfastError) -> MergePlan {
    guard let from = request.from, tuned.isEmpty, request.alpha == nil, request.soup == nil,
      !request.isStock
    else {
      throw .usage(
        "--adapter belongs to --from alone",
        remedy: "Merge the adapter into its model first, then combine the result with others.")
    }
    return .adapter(model: from, folder: request.adapter)
  }

  private static func stock(
    _ request: Request, _ tuned: [String]
  ) throws(HoldfastError) -> MergePlan {
    guard let from = request.from, tuned.count > 1 else {
      throw .usage(
        "--stock takes --from, the reference, and two or more models that were fine-tuned from it",
        remedy: "Name these with --model.")
    }
    return .stock(reference: from, tuned: tuned)
  }

  private static func soup(
    _ name: String, _ request: Request, _ tuned: [String]
  ) throws(HoldfastError) -> MergePlan {
    guard let kind = SoupKind(rawValue: name) else {
      throw .usage("there is no soup \(name)", remedy: "Give --soup uniform or --soup greedy.")
    }
    let models = [request.from].compactMap { $0 } + tuned
    guard models.count > 1 else {
      throw .usage(
        "a soup of \(models.count == 1 ? "one model" : "no models")",
        remedy: "Name two or more models with --model.")
    }
    guard kind != .greedy || !request.data.isEmpty else {
      throw .usage(
        "--soup greedy without --data",
        remedy: "Name validation images; models join where they raise the score on them.")
    }
    return .soup(kind, of: models)
  }

  private static func point(_ request: Request) throws(HoldfastError) -> MergePlan {
    guard let from = request.from, let to = request.to, let alpha = request.alpha,
      request.models.isEmpty
    else {
      throw .usage(
        "--from, --to and --alpha belong together",
        remedy: "Give all three, or --from with --adapter, or --soup or --stock with --model.")
    }
    guard alpha.isFinite, abs(alpha) <= 1000 else {
      throw .usage("--alpha is \(alpha)", remedy: "Give a number; 0 is --from and 1 is --to.")
    }
    return .point(from: from, to: to, alpha: alpha)
  }
}
