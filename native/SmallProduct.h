// Products of matrices that are in the cache, in registers over their whole depth.
#pragma once

#include <cstdint>

#include "Operand.h"
#include "Vectorised.h"

namespace ctorch {

// ROWS × (WIDTH · VECTORS) elements of a product, kept in registers over its whole depth.
template <int WIDTH, int ROWS, int VECTORS>
CT_INLINE void tile(Operand a, const float *b, int64_t b_stride, float *c, int64_t c_stride,
                    int64_t depth) {
  Floats<WIDTH> sums[ROWS][VECTORS];
  for (int row = 0; row < ROWS; ++row) {
    for (int part = 0; part < VECTORS; ++part) sums[row][part] = splat<Floats<WIDTH>>(0);
  }
  for (int64_t k = 0; k < depth; ++k) {
    Floats<WIDTH> right[VECTORS];
    for (int part = 0; part < VECTORS; ++part) {
      right[part] = load<WIDTH>(b + k * b_stride + WIDTH * part);
    }
    const float *left = a.data + k * a.column_step;
    for (int row = 0; row < ROWS; ++row) {
      const float factor = left[row * a.row_step];
      for (int part = 0; part < VECTORS; ++part) sums[row][part] += factor * right[part];
    }
  }
  for (int row = 0; row < ROWS; ++row) {
    for (int part = 0; part < VECTORS; ++part) {
      store(c + row * c_stride + WIDTH * part, sums[row][part]);
    }
  }
}

template <int WIDTH, int VECTORS>
CT_INLINE void tiles(int64_t rows, Operand a, const float *b, int64_t b_stride, float *c,
                     int64_t c_stride, int64_t depth) {
  int64_t row = 0;
  for (; row + 6 <= rows; row += 6) {
    tile<WIDTH, 6, VECTORS>({a.data + row * a.row_step, a.row_step, a.column_step}, b,
                            b_stride, c + row * c_stride, c_stride, depth);
  }
  const Operand rest{a.data + row * a.row_step, a.row_step, a.column_step};
  float *target = c + row * c_stride;
  switch (rows - row) {
    case 1: return tile<WIDTH, 1, VECTORS>(rest, b, b_stride, target, c_stride, depth);
    case 2: return tile<WIDTH, 2, VECTORS>(rest, b, b_stride, target, c_stride, depth);
    case 3: return tile<WIDTH, 3, VECTORS>(rest, b, b_stride, target, c_stride, depth);
    case 4: return tile<WIDTH, 4, VECTORS>(rest, b, b_stride, target, c_stride, depth);
    case 5: return tile<WIDTH, 5, VECTORS>(rest, b, b_stride, target, c_stride, depth);
    default: return;
  }
}

// c [rows, columns] = a [rows, depth] · b [depth, columns]; columns are a multiple of WIDTH.
struct SmallProduct {
  template <int WIDTH>
  CT_INLINE static void run(int64_t rows, int64_t columns, int64_t depth, Operand a,
                            const float *b, int64_t b_stride, float *c, int64_t c_stride) {
    // As many vectors as leave registers for six rows.
    constexpr int kMost = WIDTH == 16 ? 4 : 2;
    int64_t left = columns / WIDTH;
    for (; left >= kMost; left -= kMost, b += kMost * WIDTH, c += kMost * WIDTH) {
      tiles<WIDTH, kMost>(rows, a, b, b_stride, c, c_stride, depth);
    }
    switch (left) {
      case 1: return tiles<WIDTH, 1>(rows, a, b, b_stride, c, c_stride, depth);
      case 2:
        if constexpr (kMost > 2) tiles<WIDTH, 2>(rows, a, b, b_stride, c, c_stride, depth);
        return;
      case 3:
        if constexpr (kMost > 2) tiles<WIDTH, 3>(rows, a, b, b_stride, c, c_stride, depth);
        return;
      default: return;
    }
  }
};

}  // namespace ctorch
