#include "Packing.h"

#include <algorithm>
#include <cstring>

#include "ProductKernels.h"
#include "Vectorised.h"

namespace ctorch {
namespace {

struct PackRows {
  template <int WIDTH>
  CT_INLINE static void run(Operand matrix, int64_t depth, int64_t columns, int64_t panel,
                            float *to) {
    for (int64_t k = 0; k < depth; ++k) {
      const float *from = matrix.data + k * matrix.row_step;
      int64_t i = 0;
      for (; i + WIDTH <= columns; i += WIDTH) store(to + i, load<WIDTH>(from + i));
      for (; i < columns; ++i) to[i] = from[i];
      for (; i < panel; ++i) to[i] = 0;
      to += panel;
    }
  }
};

// Of a matrix that lies transposed.
struct PackColumns {
  template <int>
  CT_INLINE static void run(Operand matrix, int64_t depth, int64_t columns, int64_t panel,
                            float *to) {
    constexpr int64_t kSide = 8;
    for (int64_t i = 0; i < panel; i += kSide) {
      const float *from = matrix.data + i * matrix.column_step;
      int64_t k = 0;
      if (i + kSide <= columns) {
        for (; k + kSide <= depth; k += kSide) {
          Floats<kSide> rows[kSide];
          for (int64_t lane = 0; lane < kSide; ++lane) {
            rows[lane] = load<kSide>(from + lane * matrix.column_step + k);
          }
          transpose(rows);
          for (int64_t lane = 0; lane < kSide; ++lane) {
            store(to + (k + lane) * panel + i, rows[lane]);
          }
        }
      }
      for (; k < depth; ++k) {
        for (int64_t lane = 0; lane < kSide; ++lane) {
          to[k * panel + i + lane] =
              i + lane < columns ? from[lane * matrix.column_step + k] : 0;
        }
      }
    }
  }
};

}  // namespace

void pack_panel(Operand part, int64_t depth, int64_t columns, int64_t panel, float *to) {
  if (part.column_step == 1) {
    vectorised<PackRows>(panel, part, depth, columns, panel, to);
  } else {
    vectorised<PackColumns>(panel, part, depth, columns, panel, to);
  }
}

void copy_rows(const float *data, int64_t step, Pieces pieces, int64_t most, int64_t depth,
               float *copy) {
  for (int64_t piece = 0; piece < pieces.count; ++piece) {
    float *to = copy + piece * most * kRowStep;
    for (int64_t row = 0; row < pieces.rows(piece); ++row) {
      std::memcpy(to + row * kRowStep, data, static_cast<size_t>(depth) * sizeof(float));
      data += step;
    }
  }
}

void copy_columns(const float *data, int64_t step, int64_t count, Pieces pieces, int64_t most,
                  int64_t depth, float *copy) {
  for (int64_t k = 0; k < depth; ++k, data += step) {
    for (int64_t piece = 0; piece < pieces.count; ++piece) {
      const int64_t first = pieces.first(piece);
      float *to = copy + piece * most * kRowStep + k * most;
      // What is copied too much is written over by the next row, or lies behind the last.
      if (most <= 8 && first + 8 <= count) {
        store(to, load<8>(data + first));
      } else {
        std::copy_n(data + first, std::min(most, count - first), to);
      }
    }
  }
}

}  // namespace ctorch
