// Products with the factors of low-rank updates, which are a handful of numbers high.
//
// A kernel for matrices would leave most of its tile empty, and read wide rows a few numbers at a
// time. Here a factor lies as [rank, width], whichever side of its weight it is of, and rows are read
// from their beginning to their end.
#pragma once

#include <cstdint>

namespace ctorch {

// [rank, width], the width a multiple of 8.
struct Factor {
  const float *data;
  int64_t rank, width;
};

// Rows in memory, which lie `step` apart.
template <typename Number>
struct Lines {
  Number *data;
  int64_t count, step;
};

// lowered [rows, rank] = rows · factorᵀ, in parallel over rows.
void lower_rows(Factor factor, Lines<const float> rows, float *lowered);

// rows += lowered [rows, rank] · factor, in parallel over rows.
void raise_rows(Factor factor, const float *lowered, Lines<float> rows);

// sums [rank, width] += loweredᵀ · rows, in parallel over columns: of one order, whatever the threads.
void add_outer(const float *lowered, int64_t rank, Lines<const float> rows, int64_t width,
               float *sums);

}  // namespace ctorch
