// A kernel keeps a tile of the result in registers over a block of the depth (Goto and van de Geijn
// 2008, "Anatomy of high-performance matrix multiplication"): 14 × 32 numbers with AVX-512, 6 × 16 with
// AVX2.
#include "ProductKernels.h"

#include <limits>

#include "Vectorised.h"

namespace ctorch {
namespace {

// Vectors beside each other in a row of a tile.
constexpr int kVectors = 2;

// c [ROWS, 2 · WIDTH] = or += a · b over one block of the depth, in registers.
template <int WIDTH, int ROWS, bool TRANSPOSED>
CT_INLINE void tile(const float *a, int64_t a_step, const float *b, float *c, int64_t c_step,
                    int64_t depth, bool adds) {
  using T = Floats<WIDTH>;
  // Where there are more rows than registers for their addresses, the step is known when compiling.
  const int64_t rows_apart = WIDTH <= 8 ? a_step : kRowStep;
  const int64_t row_step = TRANSPOSED ? 1 : rows_apart, depth_step = TRANSPOSED ? a_step : 1;
  T sums[ROWS][kVectors];
#pragma GCC unroll 14
  for (int row = 0; row < ROWS; ++row) {
#pragma GCC unroll 2
    for (int part = 0; part < kVectors; ++part) {
      sums[row][part] = T{};
      __builtin_prefetch(c + row * c_step + part * WIDTH, 1);
    }
  }
  const auto add = [&](int64_t k) __attribute__((always_inline)) {
    T right[kVectors];
#pragma GCC unroll 2
    for (int part = 0; part < kVectors; ++part) {
      right[part] = load<WIDTH>(b + (k * kVectors + part) * WIDTH);
    }
#pragma GCC unroll 14
    for (int row = 0; row < ROWS; ++row) {
      const float left = a[row * row_step + k * depth_step];
#pragma GCC unroll 2
      for (int part = 0; part < kVectors; ++part) sums[row][part] += left * right[part];
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
    for (int part = 0; part < kVectors; ++part) {
      float *place = c + row * c_step + part * WIDTH;
      store(place, adds ? load<WIDTH>(place) + sums[row][part] : sums[row][part]);
    }
  }
}

template <int WIDTH, bool TRANSPOSED, int MOST>
CT_INLINE void tile_of(int64_t rows, const float *a, int64_t a_step, const float *b, float *c,
                       int64_t c_step, int64_t depth, bool adds) {
  switch (rows) {
#define CT_CASE(N)                                                                     \
  case N:                                                                              \
    if constexpr (N <= MOST) {                                                         \
      tile<WIDTH, N, TRANSPOSED>(a, a_step, b, c, c_step, depth, adds);                \
    }                                                                                  \
    return;
    CT_CASE(1) CT_CASE(2) CT_CASE(3) CT_CASE(4) CT_CASE(5) CT_CASE(6) CT_CASE(7)
    CT_CASE(8) CT_CASE(9) CT_CASE(10) CT_CASE(11) CT_CASE(12) CT_CASE(13) CT_CASE(14)
#undef CT_CASE
    default: return;
  }
}

#if CT_GENERATIONS
template <bool TRANSPOSED>
__attribute__((target("arch=x86-64-v4"))) void tile_512(int64_t rows, const float *a,
                                                        int64_t a_step, const float *b, float *c,
                                                        int64_t c_step, int64_t depth,
                                                        bool adds) {
  tile_of<16, TRANSPOSED, 14>(rows, a, a_step, b, c, c_step, depth, adds);
}
template <bool TRANSPOSED>
__attribute__((target("arch=x86-64-v3"))) void tile_256(int64_t rows, const float *a,
                                                        int64_t a_step, const float *b, float *c,
                                                        int64_t c_step, int64_t depth,
                                                        bool adds) {
  tile_of<8, TRANSPOSED, 6>(rows, a, a_step, b, c, c_step, depth, adds);
}
#endif

}  // namespace

Kernel kernel(Multiplier multiplier) {
  [[maybe_unused]] constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
#if CT_GENERATIONS
  if (multiplier == Multiplier::avx512) return {tile_512<false>, tile_512<true>, 14, 32, 0, kNever};
  if (multiplier == Multiplier::avx2) return {tile_256<false>, tile_256<true>, 6, 16, kRowStep, 16};
#endif
  (void)multiplier;
  return {nullptr, nullptr, 1, 1, 0, kNever};
}

}  // namespace ctorch
