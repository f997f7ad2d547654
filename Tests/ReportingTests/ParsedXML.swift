import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The elements of a well-formed XML text in document order.
final class ParsedXML: NSObject, XMLParserDelegate {
  final class Element {
    let name: String
    let attributes: [String: String]
    /// The text directly inside.
    var text = ""
    /// The text of a `title` inside.
    var title: String?

    init(_ name: String, _ attributes: [String: String]) {
      self.name = name
      self.attributes = attributes
    }

    func number(_ attribute: String) -> Double? {
      attributes[attribute].flatMap(Double.init)
    }

    /// The middle of the bounding box of a path of absolute M and L, or of a circle as two arcs.
    var center: (Double, Double)? {
      guard let path = attributes["d"] else { return nil }
      let numbers = path.matches(of: /-?\d+(?:\.\d+)?/).compactMap { Double($0.output) }
      if path.contains("a") {
        guard numbers.count > 3 else { return nil }
        return (numbers[0] + numbers[2], numbers[1])
      }
      let xs = stride(from: 0, to: numbers.count, by: 2).map { numbers[$0] }
      let ys = stride(from: 1, to: numbers.count, by: 2).map { numbers[$0] }
      guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max()
      else { return nil }
      return ((left + right) / 2, (top + bottom) / 2)
    }
  }

  private var all: [Element] = []
  private var open: [Element] = []

  /// Nil if the text is not well-formed.
  init?(_ text: String) {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    guard parser.parse() else { return nil }
  }

  func elements(_ name: String) -> [Element] {
    all.filter { $0.name == name }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    let element = Element(name, attributes)
    all.append(element)
    open.append(element)
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    open.last?.text += text
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    let element = open.popLast()
    if name == "title" { open.last?.title = element?.text }
  }
}
