#include "LowRank.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "Vectorised.h"

namespace ctorch {
namespace {

// Rows that a thread takes at least.
constexpr int64_t kLeastRows = 32;
// Columns of a factor that stay in the first-level cache while rows go by.
constexpr int64_t kColumns = 512;
// Columns that a thread takes at least, a multiple of every vector's width.
constexpr int64_t kLeastColumns = 128;

// Calls body<MOST>(row) for as many rows at once as there are, and body<1> for those left.
template <int MOST, typename Body>
CT_INLINE void some_rows(int64_t count, Body &&body) {
  int64_t row = 0;
  for (; row + MOST <= count; row += MOST) body.template operator()<MOST>(row);
  for (; row < count; ++row) body.template operator()<1>(row);
}

// Calls body<vectors>(column) for all columns, two vectors at a time and then one.
template <int WIDTH, typename Body>
CT_INLINE void over_columns(int64_t width, Body &&body) {
  int64_t i = 0;
  for (; i + 2 * WIDTH <= width; i += 2 * WIDTH) body.template operator()<2>(i);
  for (; i < width; i += WIDTH) body.template operator()<1>(i);
}

// ROWS × RANKS of the results of `lower_rows`.
template <int WIDTH, int ROWS, int RANKS>
CT_INLINE void dot_products(const float *factor, const float *rows, int64_t step, int64_t width,
                            float *lowered, int64_t rank) {
  Floats<WIDTH> sums[ROWS][RANKS] = {};
  for (int64_t i = 0; i < width; i += WIDTH) {
#pragma GCC unroll 8
    for (int j = 0; j < RANKS; ++j) {
      const auto own = load<WIDTH>(factor + j * width + i);
#pragma GCC unroll 2
      for (int row = 0; row < ROWS; ++row) {
        sums[row][j] += load<WIDTH>(rows + row * step + i) * own;
      }
    }
  }
  for (int row = 0; row < ROWS; ++row) {
    for (int j = 0; j < RANKS; ++j) lowered[row * rank + j] = sum(sums[row][j]);
  }
}

struct Lower {
  template <int WIDTH>
  CT_INLINE static void run(Factor factor, Lines<const float> rows, float *lowered) {
    // As many sums as a generation has registers for.
    constexpr int kRanks = WIDTH == 16 ? 8 : 4;
    some_rows<2>(rows.count, [&]<int ROWS>(int64_t row) __attribute__((always_inline)) {
      const float *own = rows.data + row * rows.step;
      float *to = lowered + row * factor.rank;
      int64_t j = 0;
      for (; j + kRanks <= factor.rank; j += kRanks) {
        dot_products<WIDTH, ROWS, kRanks>(factor.data + j * factor.width, own, rows.step,
                                          factor.width, to + j, factor.rank);
      }
      for (; j < factor.rank; ++j) {
        dot_products<WIDTH, ROWS, 1>(factor.data + j * factor.width, own, rows.step, factor.width,
                                     to + j, factor.rank);
      }
    });
  }
};

struct Raise {
  template <int WIDTH>
  CT_INLINE static void run(Factor factor, int64_t width, const float *lowered,
                            Lines<float> lines) {
    some_rows<4>(lines.count, [&]<int ROWS>(int64_t first) __attribute__((always_inline)) {
      float *rows = lines.data + first * lines.step;
      const float *own = lowered + first * factor.rank;
      over_columns<WIDTH>(width, [&]<int VECTORS>(int64_t i) __attribute__((always_inline)) {
        Floats<WIDTH> sums[ROWS][VECTORS];
        for (int row = 0; row < ROWS; ++row) {
          for (int part = 0; part < VECTORS; ++part) {
            sums[row][part] = load<WIDTH>(rows + row * lines.step + i + part * WIDTH);
          }
        }
        for (int64_t j = 0; j < factor.rank; ++j) {
          for (int part = 0; part < VECTORS; ++part) {
            const auto given = load<WIDTH>(factor.data + j * factor.width + i + part * WIDTH);
            for (int row = 0; row < ROWS; ++row) {
              sums[row][part] += own[row * factor.rank + j] * given;
            }
          }
        }
        for (int row = 0; row < ROWS; ++row) {
          for (int part = 0; part < VECTORS; ++part) {
            store(rows + row * lines.step + i + part * WIDTH, sums[row][part]);
          }
        }
      });
    });
  }
};

struct AddOuter {
  template <int WIDTH>
  CT_INLINE static void run(const float *lowered, int64_t rank, Lines<const float> lines,
                            int64_t width, float *sums, int64_t sums_step) {
    some_rows<4>(lines.count, [&]<int ROWS>(int64_t first) __attribute__((always_inline)) {
      const float *rows = lines.data + first * lines.step, *own = lowered + first * rank;
      over_columns<WIDTH>(width, [&]<int VECTORS>(int64_t i) __attribute__((always_inline)) {
        Floats<WIDTH> given[ROWS][VECTORS];
        for (int row = 0; row < ROWS; ++row) {
          for (int part = 0; part < VECTORS; ++part) {
            given[row][part] = load<WIDTH>(rows + row * lines.step + i + part * WIDTH);
          }
        }
        for (int64_t j = 0; j < rank; ++j) {
          float *place = sums + j * sums_step + i;
          for (int part = 0; part < VECTORS; ++part) {
            auto total = load<WIDTH>(place + part * WIDTH);
            for (int row = 0; row < ROWS; ++row) total += own[row * rank + j] * given[row][part];
            store(place + part * WIDTH, total);
          }
        }
      });
    });
  }
};

}  // namespace

void lower_rows(Factor factor, Lines<const float> rows, float *lowered) {
  at::parallel_for(0, rows.count, kLeastRows, [&](int64_t begin, int64_t end) {
    vectorised<Lower>(factor.width, factor,
                      Lines<const float>{rows.data + begin * rows.step, end - begin, rows.step},
                      lowered + begin * factor.rank);
  });
}

void raise_rows(Factor factor, const float *lowered, Lines<float> rows) {
  at::parallel_for(0, rows.count, kLeastRows, [&](int64_t begin, int64_t end) {
    for (int64_t column = 0; column < factor.width; column += kColumns) {
      vectorised<Raise>(
          factor.width, Factor{factor.data + column, factor.rank, factor.width},
          std::min(kColumns, factor.width - column), lowered + begin * factor.rank,
          Lines<float>{rows.data + begin * rows.step + column, end - begin, rows.step});
    }
  });
}

void add_outer(const float *lowered, int64_t rank, Lines<const float> rows, int64_t width,
               float *sums) {
  const int64_t pieces = (width + kLeastColumns - 1) / kLeastColumns;
  at::parallel_for(0, pieces, 1, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * kLeastColumns, last = std::min(end * kLeastColumns, width);
    vectorised<AddOuter>(width, lowered, rank,
                         Lines<const float>{rows.data + first, rows.count, rows.step}, last - first,
                         sums + first, width);
  });
}

}  // namespace ctorch
