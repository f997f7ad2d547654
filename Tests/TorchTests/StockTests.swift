import Basics
import Foundation
import TestSupport
import Testing
import Torch

/// Model Stock against its formula in plain numbers.
@Suite struct StockTests {
  private static let shapes = [("a", [7, 5]), ("b", [3]), ("c", [2, 2, 2])]

  private func random(_ key: Int, near other: Weights? = nil) throws -> Weights {
    try Weights(
      Self.shapes.enumerated().map { index, entry in
        let count = entry.1.reduce(1, *)
        let numbers = try Tensor(randomNumbers(count, key: key, index), shape: entry.1)
        guard let other else { return (entry.0, numbers) }
        return (entry.0, try other.tensor(entry.0) + numbers * 0.5)
      })
  }

  private func numbers(_ weights: Weights, _ name: String) throws -> [Double] {
    try weights.tensor(name).elements(as: Float.self).map(Double.init)
  }

  @Test(arguments: [2, 3, 5])
  func itIsTheFormula(_ count: Int) throws {
    let reference = try random(1)
    // All share a direction, so that angles are acute.
    let direction = try random(2, near: reference)
    let tuned = try (0..<count).map { try random(10 + $0, near: direction) }
    let stock = try Weights.stock(reference: reference, tuned: tuned)
    #expect(stock.shares.map(\.name) == ["a", "b", "c"])
    for (name, share) in stock.shares {
      let start = try numbers(reference, name)
      let changes = try tuned.map { zip(try numbers($0, name), start).map { $0 - $1 } }
      func product(_ one: [Double], _ other: [Double]) -> Double {
        zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
      }
      var cosines: [Double] = []
      for one in 0..<count {
        for other in one + 1..<count {
          cosines.append(
            product(changes[one], changes[other])
              / (product(changes[one], changes[one]) * product(changes[other], changes[other]))
              .squareRoot())
        }
      }
      let cosine = max(cosines.reduce(0, +) / Double(cosines.count), 0)
      let expected = Double(count) * cosine / (1 + Double(count - 1) * cosine)
      expectClose(share, expected, relative: 1e-9, absolute: 1e-12)
      let moved = start.indices.map { index in
        start[index] + share * changes.reduce(0) { $0 + $1[index] } / Double(count)
      }
      expectClose(
        try stock.weights.tensor(name).elements(as: Float.self), moved.map(Float.init),
        relative: 1e-6, absolute: 1e-7)
    }
    // Something between the ends; else this test would say little.
    #expect(stock.shares.contains { $0.share > 0.1 && $0.share < 0.99 })
  }

  @Test func equalModelsStayAsTheyAre() throws {
    let reference = try random(1)
    let tuned = try random(2, near: reference)
    let stock = try Weights.stock(reference: reference, tuned: [tuned, tuned, tuned])
    for (_, share) in stock.shares { expectClose(share, 1, relative: 1e-12) }
    expectClose(
      try stock.weights.buffer.elements(as: Float.self), try tuned.buffer.elements(as: Float.self),
      relative: 1e-6, absolute: 1e-7)
  }

  @Test func whatMovedApartStaysAtTheReference() throws {
    let reference = try Weights([("a", Tensor([1, 2] as [Float])), ("b", Tensor([3] as [Float]))])
    // a: opposite changes; b: changed by one model alone.
    let one = try Weights([("a", Tensor([2, 2] as [Float])), ("b", Tensor([4] as [Float]))])
    let other = try Weights([("a", Tensor([0, 2] as [Float])), ("b", Tensor([3] as [Float]))])
    let stock = try Weights.stock(reference: reference, tuned: [one, other])
    #expect(stock.shares.map(\.share) == [0, 0])
    #expect(try numbers(stock.weights, "a") == [1, 2] && numbers(stock.weights, "b") == [3])
  }

  @Test func whatNobodyChangedHasNoShare() throws {
    let reference = try Weights([("a", Tensor([1, 2] as [Float])), ("b", Tensor([3] as [Float]))])
    let tuned = try Weights([("a", Tensor([1, 2] as [Float])), ("b", Tensor([5] as [Float]))])
    let stock = try Weights.stock(reference: reference, tuned: [tuned, tuned])
    #expect(stock.shares.map(\.name) == ["b"])
    #expect(try numbers(stock.weights, "a") == [1, 2] && numbers(stock.weights, "b") == [5])
  }

  @Test func whatDoesNotFitIsSaid() throws {
    let reference = try random(1)
    expectProblem(.usage, containing: "one model") {
      try Weights.stock(reference: reference, tuned: [reference])
    }
    let other = try Weights([("a", Tensor([1] as [Float]))])
    expectProblem(.badData, containing: "do not match") {
      try Weights.stock(reference: reference, tuned: [reference, other])
    }
  }
}
