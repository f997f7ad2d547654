// A kernel keeps a tile of the result in registers over a block of the depth (Goto and van de Geijn
// 2008, "Anatomy of high-performance matrix multiplication"): 14 × 32 numbers with AVX-512, 6 × 16 with
// AVX2.
#include "ProductKernels.h"

#include <limits>

#include "Vectorised.h"

namespace ctorch {
namespace {

// c [ROWS, VECTORS · WIDTH] = or += a · b over one block of the depth, in registers.
template <int WIDTH, int VECTORS, int ROWS, bool TRANSPOSED>
CT_INLINE void tile(const float *a, int64_t a_step, const float *b, float *c, int64_t c_step,
                    int64_t depth, bool adds) {
  using T = Floats<WIDTH>;
  // Where there are more rows than registers for their addresses, the step is known when compiling.
  const int64_t rows_apart = WIDTH <= 8 ? a_step : kRowStep;
  const int64_t row_step = TRANSPOSED ? 1 : rows_apart, depth_step = TRANSPOSED ? a_step : 1;
  T sums[ROWS][VECTORS];
#pragma GCC unroll 14
  for (int row = 0; row < ROWS; ++row) {
#pragma GCC unroll 2
    for (int part = 0; part < VECTORS; ++part) {
      sums[row][part] = T{};
      __builtin_prefetch(c + row * c_step + part * WIDTH, 1);
    }
  }
  const auto add = [&](int64_t k) __attribute__((always_inline)) {
    T right[VECTORS];
#pragma GCC unroll 2
    for (int part = 0; part < VECTORS; ++part) {
      right[part] = load<WIDTH>(b + (k * VECTORS + part) * WIDTH);
    }
#pragma GCC unroll 14
    for (int row = 0; row < ROWS; ++row) {
      const float left = a[row * row_step + k * depth_step];
#pragma GCC unroll 2
      for (int part = 0; part < VECTORS; ++part) sums[row][part] += left * right[part];
    }
  };
  // Few numbers in registers are soon multiplied, so that several steps are written out between jumps.
  constexpr int64_t kSteps = WIDTH <= 8 ? 4 : 1;
  int64_t k = 0;
  for (; k + kSteps <= depth; k += kSteps) {
#pragma GCC unroll 4
    for (int64_t step = 0; step < kSteps; ++step) add(k + step);
  }
  for (; k < depth; ++k) add(k);
#pragma GCC unroll 14
  for (int row = 0; row < ROWS; ++row) {
#pragma GCC unroll 2
    for (int part = 0; part < VECTORS; ++part) {
      float *place = c + row * c_step + part * WIDTH;
      store(place, adds ? load<WIDTH>(place) + sums[row][part] : sums[row][part]);
    }
  }
}

template <int WIDTH, int VECTORS, bool TRANSPOSED, int MOST>
CT_INLINE void tile_of(int64_t rows, const float *a, int64_t a_step, const float *b, float *c,
                       int64_t c_step, int64_t depth, bool adds) {
  switch (rows) {
#define CT_CASE(N)                                                                     \
  case N:                                                                              \
    if constexpr (N <= MOST) {                                                         \
      tile<WIDTH, VECTORS, N, TRANSPOSED>(a, a_step, b, c, c_step, depth, adds);       \
    }                                                                                  \
    return;
    CT_CASE(1) CT_CASE(2) CT_CASE(3) CT_CASE(4) CT_CASE(5) CT_CASE(6) CT_CASE(7)
    CT_CASE(8) CT_CASE(9) CT_CASE(10) CT_CASE(11) CT_CASE(12) CT_CASE(13) CT_CASE(14)
#undef CT_CASE
    default: return;
  }
}

#if CT_GENERATIONS
template <int VECTORS, bool TRANSPOSED>
__attribute__((target("arch=x86-64-v4"))) void tile_512(int64_t rows, const float *a,
                                                        int64_t a_step, const float *b, float *c,
                                                        int64_t c_step, int64_t depth,
                                                        bool adds) {
  tile_of<16, VECTORS, TRANSPOSED, 14>(rows, a, a_step, b, c, c_step, depth, adds);
}
template <int VECTORS, bool TRANSPOSED>
__attribute__((target("arch=x86-64-v3"))) void tile_256(int64_t rows, const float *a,
                                                        int64_t a_step, const float *b, float *c,
                                                        int64_t c_step, int64_t depth,
                                                        bool adds) {
  tile_of<8, VECTORS, TRANSPOSED, 6>(rows, a, a_step, b, c, c_step, depth, adds);
}
#endif

}  // namespace

// The kernels for a right-hand matrix of a width: with narrow panels where it fills no wide one, as
// the factors of low-rank updates.
Kernel kernel(Multiplier multiplier, int64_t width) {
  [[maybe_unused]] constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
#if CT_GENERATIONS
  if (multiplier == Multiplier::avx512) {
    if (width <= 16) return {tile_512<1, false>, tile_512<1, true>, 14, 16, 0, kNever};
    return {tile_512<2, false>, tile_512<2, true>, 14, 32, 0, kNever};
  }
  if (multiplier == Multiplier::avx2) {
    if (width <= 8) return {tile_256<1, false>, tile_256<1, true>, 6, 8, kRowStep, kNever};
    return {tile_256<2, false>, tile_256<2, true>, 6, 16, kRowStep, 16};
  }
#endif
  (void)multiplier;
  (void)width;
  return {nullptr, nullptr, 1, 1, 0, kNever};
}

}  // namespace ctorch
