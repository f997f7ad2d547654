// The innermost loops of matrix products.
#pragma once

#include <cstdint>

#include "Multiplier.h"

namespace ctorch {

// Rows of the right-hand matrix that a tile takes at once, at most.
constexpr int64_t kDepth = 384;
// The step between rows of the copied left-hand block: no multiple of 4 KiB, whatever the row.
constexpr int64_t kRowStep = kDepth + 16;
constexpr int kMostRows = 14;

// c [rows, panel] = or += a · b over a depth of at most kDepth, for b [depth, panel] and
// a [rows, depth] or [depth, rows] whose rows lie `a_step` apart.
using Tile = void (*)(int64_t rows, const float *a, int64_t a_step, const float *b, float *c,
                      int64_t c_step, int64_t depth, bool adds);

struct Kernel {
  Tile rows, columns;
  int64_t most_rows, panel;
  // Rows of the left-hand matrix that lie further apart are copied to lie kRowStep apart: those of
  // wide matrices meet in sets of the cache. With 0 the kernel takes no other step.
  int64_t most_step;
  // The panels from which on columns of a transposed left-hand matrix are copied beside each other. A
  // tile of few rows reads a part of each of its cache lines, and where these lie a power of two apart
  // they push one another out; but a copy must be read often enough to repay itself.
  int64_t least_panels;
};

// For libtorch's multiplier there are none.
Kernel kernel(Multiplier multiplier);

}  // namespace ctorch
