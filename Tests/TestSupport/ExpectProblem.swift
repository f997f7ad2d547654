import Basics
import Testing

/// Expects the body to throw a `HoldfastError` of one kind whose problem contains some words.
///
/// - Returns: The error, for further expectations.
@discardableResult
public func expectProblem<R>(
  _ kind: HoldfastError.Kind, containing words: String...,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> R
) -> HoldfastError? {
  do {
    _ = try body()
    Issue.record("expected an error of kind \(kind)", sourceLocation: sourceLocation)
  } catch let error as HoldfastError {
    #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
    for word in words {
      #expect(error.problem.contains(word), "\(error)", sourceLocation: sourceLocation)
    }
    #expect(!error.remedy.isEmpty, sourceLocation: sourceLocation)
    return error
  } catch {
    Issue.record("expected a HoldfastError, got \(error)", sourceLocation: sourceLocation)
  }
  return nil
}
