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
CT_INLINE void over_rows(int64_t count, Body &&body) {
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

// ROWS × RANKS of the results of `lower_rows`, or what some columns add to them.
template <int WIDTH, int ROWS, int RANKS>
CT_INLINE void dot_products(const float *factor, int64_t factor_step, const float *rows,
                            int64_t step, int64_t width, float *lowered, int64_t rank, bool adds) {
  Floats<WIDTH> sums[ROWS][RANKS] = {};
  for (int64_t i = 0; i < width; i += WIDTH) {
    Floats<WIDTH> given[ROWS];
#pragma GCC unroll 3
    for (int row = 0; row < ROWS; ++row) given[row] = load<WIDTH>(rows + row * step + i);
#pragma GCC unroll 8
    for (int j = 0; j < RANKS; ++j) {
      const auto own = load<WIDTH>(factor + j * factor_step + i);
#pragma GCC unroll 3
      for (int row = 0; row < ROWS; ++row) sums[row][j] += given[row] * own;
    }
  }
  for (int row = 0; row < ROWS; ++row) {
    for (int j = 0; j < RANKS; ++j) {
      float &place = lowered[row * rank + j];
      place = (adds ? place : 0) + sum(sums[row][j]);
    }
  }
}

struct Lower {
  template <int WIDTH>
  CT_INLINE static void run(Factor factor, int64_t width, Lines<const float> rows, float *lowered,
                            bool adds) {
    // As many sums as a generation has registers for.
    constexpr int kRows = WIDTH == 16 ? 3 : 2, kRanks = WIDTH == 16 ? 8 : 4;
    over_rows<kRows>(rows.count, [&]<int ROWS>(int64_t row) __attribute__((always_inline)) {
      const float *own = rows.data + row * rows.step;
      float *to = lowered + row * factor.rank;
      int64_t j = 0;
      for (; j + kRanks <= factor.rank; j += kRanks) {
        dot_products<WIDTH, ROWS, kRanks>(factor.data + j * factor.width, factor.width, own,
                                          rows.step, width, to + j, factor.rank, adds);
      }
      for (; j < factor.rank; ++j) {
        dot_products<WIDTH, ROWS, 1>(factor.data + j * factor.width, factor.width, own, rows.step,
                                     width, to + j, factor.rank, adds);
      }
    });
  }
};

struct Raise {
  template <int WIDTH>
  CT_INLINE static void run(Factor factor, int64_t width, const float *lowered,
                            Lines<float> lines) {
    over_rows<4>(lines.count, [&]<int ROWS>(int64_t first) __attribute__((always_inline)) {
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
    over_rows<4>(lines.count, [&]<int ROWS>(int64_t first) __attribute__((always_inline)) {
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

// Calls body(column, columns) for pieces of begin ..< end.
template <typename Body>
void over_pieces(int64_t begin, int64_t end, Body &&body) {
  for (int64_t column = begin; column < end; column += kColumns) {
    body(column, std::min(kColumns, end - column));
  }
}

}  // namespace

void lower_rows(Factor factor, Lines<const float> rows, float *lowered) {
  at::parallel_for(0, rows.count, kLeastRows, [&](int64_t begin, int64_t end) {
    over_pieces(0, factor.width, [&](int64_t column, int64_t columns) {
      vectorised<Lower>(
          factor.width, Factor{factor.data + column, factor.rank, factor.width}, columns,
          Lines<const float>{rows.data + begin * rows.step + column, end - begin, rows.step},
          lowered + begin * factor.rank, column > 0);
    });
  });
}

void raise_rows(Factor factor, const float *lowered, Lines<float> rows) {
  at::parallel_for(0, rows.count, kLeastRows, [&](int64_t begin, int64_t end) {
    over_pieces(0, factor.width, [&](int64_t column, int64_t columns) {
      vectorised<Raise>(
          factor.width, Factor{factor.data + column, factor.rank, factor.width}, columns,
          lowered + begin * factor.rank,
          Lines<float>{rows.data + begin * rows.step + column, end - begin, rows.step});
    });
  });
}

void add_outer(const float *lowered, int64_t rank, Lines<const float> rows, int64_t width,
               float *sums) {
  const int64_t pieces = (width + kLeastColumns - 1) / kLeastColumns;
  at::parallel_for(0, pieces, 1, [&](int64_t begin, int64_t end) {
    const int64_t last = std::min(end * kLeastColumns, width);
    over_pieces(begin * kLeastColumns, last, [&](int64_t column, int64_t columns) {
      vectorised<AddOuter>(width, lowered, rank,
                           Lines<const float>{rows.data + column, rows.count, rows.step}, columns,
                           sums + column, width);
    });
  });
}

}  // namespace ctorch
