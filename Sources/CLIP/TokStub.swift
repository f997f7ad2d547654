import Basics
import Foundation
public struct Tokenizer: Sendable {
  public init(files: [String: Data], source: String) throws(HoldfastError) {}
  public func tokens(of text: String, contextLength: Int) -> [Int] { [] }
}
