// The passes of a transformer block over rows, but for its norms.
#include "Rows.h"

#include "RowBlocks.h"
#include "Vectorised.h"

namespace ctorch {
namespace {

struct AddRows {
  template <int WIDTH>
  CT_INLINE static void run(Matrix size, const float *input, const float *update,
                            const float *bias, float *output) {
    for (int64_t row = 0; row < size.rows; ++row) {
      const int64_t place = row * size.width;
      for (int64_t i = 0; i < size.width; i += WIDTH) {
        store(output + place + i,
              load<WIDTH>(input + place + i) +
                  (load<WIDTH>(update + place + i) + load<WIDTH>(bias + i)));
      }
    }
  }
};

template <Activation KIND>
struct Activate {
  template <int WIDTH>
  CT_INLINE static void run(Matrix size, const float *input, const float *bias, float *output) {
    for (int64_t row = 0; row < size.rows; ++row) {
      const int64_t place = row * size.width;
      for (int64_t i = 0; i < size.width; i += WIDTH) {
        const auto x = load<WIDTH>(input + place + i) + load<WIDTH>(bias + i);
        store(output + place + i, activated<KIND>(x).value);
      }
    }
  }
};

template <Activation KIND>
struct ActivateBackward {
  template <int WIDTH>
  CT_INLINE static void run(Matrix size, const float *input, const float *bias, float *gradient,
                            float *output, float *column_sums) {
    for (int64_t row = 0; row < size.rows; ++row) {
      const int64_t place = row * size.width;
      for (int64_t i = 0; i < size.width; i += WIDTH) {
        const auto own = activated<KIND>(load<WIDTH>(input + place + i) + load<WIDTH>(bias + i));
        const auto result = load<WIDTH>(gradient + place + i) * own.slope;
        store(gradient + place + i, result);
        if (output != nullptr) store(output + place + i, own.value);
        if (column_sums != nullptr) {
          store(column_sums + i, load<WIDTH>(column_sums + i) + result);
        }
      }
    }
  }
};

struct ColumnSums {
  template <int WIDTH>
  CT_INLINE static void run(Matrix size, const float *input, float *sums) {
    for (int64_t row = 0; row < size.rows; ++row) {
      for (int64_t i = 0; i < size.width; i += WIDTH) {
        store(sums + i, load<WIDTH>(sums + i) + load<WIDTH>(input + row * size.width + i));
      }
    }
  }
};

}  // namespace

void add_rows(Matrix size, const float *input, const float *update, const float *bias,
              float *output) {
  over_rows(size.rows, [&](int64_t, int64_t first, int64_t count) {
    const int64_t place = first * size.width;
    vectorised<AddRows>(size.width, Matrix{count, size.width}, input + place, update + place, bias,
                        output + place);
  });
}

void activate(Matrix size, Activation kind, const float *input, const float *bias, float *output) {
  with_activation(kind, [&](auto known) {
    over_rows(size.rows, [&](int64_t, int64_t first, int64_t count) {
      const int64_t place = first * size.width;
      vectorised<Activate<known()>>(size.width, Matrix{count, size.width}, input + place, bias,
                                    output + place);
    });
  });
}

void activate_backward(Matrix size, Activation kind, const float *input, const float *bias,
                       float *gradient, float *output, float *column_sums) {
  BlockSums columns(size.rows, size.width, column_sums != nullptr);
  with_activation(kind, [&](auto known) {
    over_rows(size.rows, [&](int64_t block, int64_t first, int64_t count) {
      const int64_t place = first * size.width;
      vectorised<ActivateBackward<known()>>(size.width, Matrix{count, size.width}, input + place,
                                            bias, gradient + place,
                                            output == nullptr ? nullptr : output + place,
                                            columns.of(block));
    });
  });
  columns.add_to(column_sums);
}

void add_column_sums(Matrix size, const float *input, float *sums) {
  BlockSums columns(size.rows, size.width, sums != nullptr);
  over_rows(size.rows, [&](int64_t block, int64_t first, int64_t count) {
    vectorised<ColumnSums>(size.width, Matrix{count, size.width}, input + first * size.width,
                           columns.of(block));
  });
  columns.add_to(sums);
}

}  // namespace ctorch
