// How matrices lie when a kernel reads them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "Operand.h"

namespace ctorch {

// Left-hand rows in pieces that a kernel takes, of nearly one size: the first have one more.
struct Pieces {
  int64_t count, base, longer;

  Pieces(int64_t rows, int64_t most)
      : count((rows + most - 1) / most), base(rows / count), longer(rows % count) {}

  int64_t first(int64_t piece) const { return piece * base + std::min(piece, longer); }
  int64_t rows(int64_t piece) const { return base + (piece < longer); }
};

// Copies rows of up to `panel` numbers beside each other, padded with zeros; `part` is
// `depth` rows of the right-hand matrix from a panel's first column on.
void pack_panel(Operand part, int64_t depth, int64_t columns, int64_t panel, float *to);

// Copies the left-hand matrix of a block of the depth as a kernel takes it: piece by piece.
void copy_rows(const float *data, int64_t step, Pieces pieces, int64_t most, int64_t depth,
               float *copy);

// The same for columns: `most` of them beside each other, then those of the next row.
void copy_columns(const float *data, int64_t step, int64_t count, Pieces pieces, int64_t most,
                  int64_t depth, float *copy);

}  // namespace ctorch
