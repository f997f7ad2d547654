// Layer normalisation of rows, forward and backward.
#include <cmath>

#include "RowBlocks.h"
#include "Rows.h"
#include "Vectorised.h"

namespace ctorch {
namespace {

struct Statistics {
  float mean, deviation;
};

template <int WIDTH>
CT_INLINE Statistics statistics(const float *row, int64_t width, float epsilon) {
  auto total = splat<Floats<WIDTH>>(0);
  for (int64_t i = 0; i < width; i += WIDTH) total += load<WIDTH>(row + i);
  const float mean = sum(total) / static_cast<float>(width);
  auto squares = splat<Floats<WIDTH>>(0);
  for (int64_t i = 0; i < width; i += WIDTH) {
    const auto distance = load<WIDTH>(row + i) - mean;
    squares += distance * distance;
  }
  return {mean, 1.0f / std::sqrt(sum(squares) / static_cast<float>(width) + epsilon)};
}

template <int WIDTH>
CT_INLINE void normalise(const float *row, int64_t width, Norm norm, Statistics own, float *to) {
  for (int64_t i = 0; i < width; i += WIDTH) {
    const auto unit = (load<WIDTH>(row + i) - own.mean) * own.deviation;
    store(to + i, unit * load<WIDTH>(norm.weight + i) + load<WIDTH>(norm.bias + i));
  }
}

struct NormRows {
  template <int WIDTH>
  CT_INLINE static void run(Matrix size, Norm norm, const float *input, float *output, float *mean,
                            float *deviation) {
    for (int64_t row = 0; row < size.rows; ++row) {
      const float *from = input + row * size.width;
      const Statistics own = statistics<WIDTH>(from, size.width, norm.epsilon);
      normalise<WIDTH>(from, size.width, norm, own, output + row * size.width);
      mean[row] = own.mean;
      deviation[row] = own.deviation;
    }
  }
};

struct NormRowsAgain {
  template <int WIDTH>
  CT_INLINE static void run(Matrix size, Norm norm, const float *input, const float *mean,
                            const float *deviation, float *output) {
    for (int64_t row = 0; row < size.rows; ++row) {
      normalise<WIDTH>(input + row * size.width, size.width, norm, {mean[row], deviation[row]},
                       output + row * size.width);
    }
  }
};

struct NormBackwardRows {
  template <int WIDTH>
  CT_INLINE static void run(Matrix size, Norm norm, const float *input, const float *mean,
                            const float *deviation, const float *output_gradient,
                            const float *residual, float *gradient, float *weight_sums,
                            float *bias_sums, float *column_sums) {
    for (int64_t row = 0; row < size.rows; ++row) {
      const int64_t place = row * size.width;
      const float m = mean[row], d = deviation[row];
      auto plain = splat<Floats<WIDTH>>(0), crossed = plain;
      for (int64_t i = 0; i < size.width; i += WIDTH) {
        const auto given = load<WIDTH>(output_gradient + place + i);
        const auto unit = (load<WIDTH>(input + place + i) - m) * d;
        const auto scaled = given * load<WIDTH>(norm.weight + i);
        plain += scaled;
        crossed += scaled * unit;
        if (weight_sums != nullptr) {
          store(weight_sums + i, load<WIDTH>(weight_sums + i) + given * unit);
          store(bias_sums + i, load<WIDTH>(bias_sums + i) + given);
        }
      }
      const float count = static_cast<float>(size.width);
      const float average = sum(plain) / count, projection = sum(crossed) / count;
      for (int64_t i = 0; i < size.width; i += WIDTH) {
        const auto unit = (load<WIDTH>(input + place + i) - m) * d;
        const auto scaled =
            load<WIDTH>(output_gradient + place + i) * load<WIDTH>(norm.weight + i);
        auto result = (scaled - average - unit * projection) * d;
        if (residual != nullptr) result += load<WIDTH>(residual + place + i);
        store(gradient + place + i, result);
        if (column_sums != nullptr) {
          store(column_sums + i, load<WIDTH>(column_sums + i) + result);
        }
      }
    }
  }
};

}  // namespace

void norm_forward(Matrix size, Norm norm, const float *input, float *output, float *mean,
                  float *deviation) {
  over_rows(size.rows, [&](int64_t, int64_t first, int64_t count) {
    const int64_t place = first * size.width;
    vectorised<NormRows>(size.width, Matrix{count, size.width}, norm, input + place,
                         output + place, mean + first, deviation + first);
  });
}

void add_norm_forward(Matrix size, Norm norm, const float *input, const float *update,
                      const float *bias, float *sum, float *output, float *mean,
                      float *deviation) {
  over_rows(size.rows, [&](int64_t, int64_t first, int64_t count) {
    const int64_t place = first * size.width;
    const Matrix part{count, size.width};
    add_rows(part, input + place, update + place, bias, sum + place);
    vectorised<NormRows>(size.width, part, norm, sum + place, output + place, mean + first,
                         deviation + first);
  });
}

void norm_again(Matrix size, Norm norm, const float *input, const float *mean,
                const float *deviation, float *output) {
  over_rows(size.rows, [&](int64_t, int64_t first, int64_t count) {
    const int64_t place = first * size.width;
    vectorised<NormRowsAgain>(size.width, Matrix{count, size.width}, norm, input + place,
                              mean + first, deviation + first, output + place);
  });
}

void norm_backward(Matrix size, Norm norm, const float *input, const float *mean,
                   const float *deviation, const float *output_gradient, const float *residual,
                   float *gradient, float *weight_gradient, float *bias_gradient,
                   float *column_sums) {
  BlockSums weight(size.rows, size.width, weight_gradient != nullptr);
  BlockSums bias(size.rows, size.width, weight_gradient != nullptr);
  BlockSums columns(size.rows, size.width, column_sums != nullptr);
  over_rows(size.rows, [&](int64_t block, int64_t first, int64_t count) {
    const int64_t place = first * size.width;
    vectorised<NormBackwardRows>(size.width, Matrix{count, size.width}, norm, input + place,
                                 mean + first, deviation + first, output_gradient + place,
                                 residual == nullptr ? nullptr : residual + place,
                                 gradient + place, weight.of(block),
                                 bias.of(block), columns.of(block));
  });
  weight.add_to(weight_gradient);
  bias.add_to(bias_gradient);
  columns.add_to(column_sums);
}

}  // namespace ctorch
