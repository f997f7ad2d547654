import Basics
import Foundation
import TestSupport
import Testing

/// The switch itself.
///
/// What the process does by default is left alone here, since other tests run
/// beside these; `ExactTests` switches it in processes of their own.
@Suite struct FastPathScopeTests {
  @Test func theInnermostScopeDecides() throws {
    #expect(FastPaths.areOn && FastPaths.areOnByDefault)
    FastPaths.off {
      #expect(!FastPaths.areOn)
      FastPaths.on { #expect(FastPaths.areOn) }
      #expect(!FastPaths.areOn)
    }
    #expect(FastPaths.areOn)
  }

  @Test func aScopeEndsWithItsError() {
    expectProblem(.usage, containing: "inside") {
      try FastPaths.off { () throws(HoldfastError) in
        throw HoldfastError.usage("inside", remedy: "None.")
      }
    }
    #expect(FastPaths.areOn)
  }

  @Test func otherThreadsDoAsTheProcess() {
    let answer = Answer()
    FastPaths.off {
      let done = DispatchSemaphore(value: 0)
      Thread {
        answer.areOn = FastPaths.areOn
        done.signal()
      }.start()
      done.wait()
    }
    #expect(answer.areOn == FastPaths.areOnByDefault)
  }

  private final class Answer: @unchecked Sendable {
    var areOn: Bool?
  }
}
