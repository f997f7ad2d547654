// Says how far two checkpoints lie apart, block by block, and their midpoint from the first.
//
//     swift run -c release Dependent FROM TO
import CLIP
import Foundation
import Torch

guard CommandLine.arguments.count == 3 else {
  print("usage: Dependent FROM TO")
  exit(64)
}
let reference = try Checkpoint.read(CommandLine.arguments[1]).weights
let tuned = try Checkpoint.read(CommandLine.arguments[2]).weights
let midpoint = try Weights.lerp(reference, tuned, 0.5)

for (block, norm) in try (tuned - reference).norm(by: .block) {
  print(block, norm)
}
print("all", try (tuned - reference).norm(), "midpoint", try (midpoint - reference).norm())
