// The passes of a transformer block over rows.
#include "Rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "Internal.h"
#include "VectorMath.h"

namespace ctorch {
namespace {

// Rows that a thread takes at once, and whose sums are taken together.
constexpr int64_t kBlockRows = 32;

// Calls body(first, count) for blocks of rows, in parallel.
template <typename Body>
void over_rows(int64_t rows, Body &&body) {
  const int64_t blocks = (rows + kBlockRows - 1) / kBlockRows;
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * kBlockRows;
      body(block, first, std::min(kBlockRows, rows - first));
    }
  });
}

// Sums of each block of rows, added up in the blocks' order at the end.
class BlockSums {
 public:
  BlockSums(int64_t rows, int64_t width, bool isNeeded)
      : width_(width),
        blocks_((rows + kBlockRows - 1) / kBlockRows),
        sums_(isNeeded ? static_cast<size_t>(blocks_ * width) : 0) {}

  float *of(int64_t block) { return sums_.empty() ? nullptr : sums_.data() + block * width_; }

  void add_to(float *total) const {
    if (sums_.empty()) return;
    for (int64_t block = 0; block < blocks_; ++block) {
      const float *own = sums_.data() + block * width_;
      for (int64_t i = 0; i < width_; ++i) total[i] += own[i];
    }
  }

 private:
  int64_t width_, blocks_;
  std::vector<float> sums_;
};

struct Statistics {
  float mean, deviation;
};

CT_INLINE Statistics statistics(const float *row, int64_t width, float epsilon) {
  Floats total = splat(0);
  for (int64_t i = 0; i < width; i += kWidth) total += load(row + i);
  const float mean = sum(total) / static_cast<float>(width);
  Floats squares = splat(0);
  for (int64_t i = 0; i < width; i += kWidth) {
    const Floats distance = load(row + i) - mean;
    squares += distance * distance;
  }
  return {mean, 1.0f / std::sqrt(sum(squares) / static_cast<float>(width) + epsilon)};
}

CT_INLINE void normalise(const float *row, int64_t width, Norm norm, Statistics own, float *to) {
  for (int64_t i = 0; i < width; i += kWidth) {
    const Floats unit = (load(row + i) - own.mean) * own.deviation;
    store(to + i, unit * load(norm.weight + i) + load(norm.bias + i));
  }
}

CT_VECTORISED
void norm_rows(Matrix size, Norm norm, const float *input, float *output, float *mean,
               float *deviation) {
  for (int64_t row = 0; row < size.rows; ++row) {
    const float *from = input + row * size.width;
    const Statistics own = statistics(from, size.width, norm.epsilon);
    normalise(from, size.width, norm, own, output + row * size.width);
    mean[row] = own.mean;
    deviation[row] = own.deviation;
  }
}

CT_VECTORISED
void norm_rows_again(Matrix size, Norm norm, const float *input, const float *mean,
                     const float *deviation, float *output) {
  for (int64_t row = 0; row < size.rows; ++row) {
    normalise(input + row * size.width, size.width, norm, {mean[row], deviation[row]},
              output + row * size.width);
  }
}

CT_VECTORISED
void add_row_block(Matrix size, const float *input, const float *update, const float *bias,
                   float *output) {
  for (int64_t row = 0; row < size.rows; ++row) {
    const int64_t place = row * size.width;
    for (int64_t i = 0; i < size.width; i += kWidth) {
      store(output + place + i,
            load(input + place + i) + (load(update + place + i) + load(bias + i)));
    }
  }
}

CT_VECTORISED
void norm_backward_rows(Matrix size, Norm norm, const float *input, const float *mean,
                        const float *deviation, const float *output_gradient,
                        const float *residual, float *gradient, float *weight_sums,
                        float *bias_sums, float *column_sums) {
  for (int64_t row = 0; row < size.rows; ++row) {
    const int64_t place = row * size.width;
    const float m = mean[row], d = deviation[row];
    Floats plain = splat(0), crossed = splat(0);
    for (int64_t i = 0; i < size.width; i += kWidth) {
      const Floats given = load(output_gradient + place + i);
      const Floats unit = (load(input + place + i) - m) * d;
      const Floats scaled = given * load(norm.weight + i);
      plain += scaled;
      crossed += scaled * unit;
      if (weight_sums != nullptr) {
        store(weight_sums + i, load(weight_sums + i) + given * unit);
        store(bias_sums + i, load(bias_sums + i) + given);
      }
    }
    const float count = static_cast<float>(size.width);
    const float average = sum(plain) / count, projection = sum(crossed) / count;
    for (int64_t i = 0; i < size.width; i += kWidth) {
      const Floats unit = (load(input + place + i) - m) * d;
      const Floats scaled = load(output_gradient + place + i) * load(norm.weight + i);
      const Floats result =
          load(residual + place + i) + (scaled - average - unit * projection) * d;
      store(gradient + place + i, result);
      if (column_sums != nullptr) store(column_sums + i, load(column_sums + i) + result);
    }
  }
}

template <Activation KIND>
CT_INLINE void activate_block(Matrix size, const float *input, const float *bias, float *output) {
  for (int64_t row = 0; row < size.rows; ++row) {
    const int64_t place = row * size.width;
    for (int64_t i = 0; i < size.width; i += kWidth) {
      const Floats x = load(input + place + i) + load(bias + i);
      store(output + place + i, KIND == Activation::quick_gelu ? x * sigmoid(1.702f * x)
                                                               : x * normal_distribution(x));
    }
  }
}

CT_VECTORISED
void quick_gelu_rows(Matrix size, const float *input, const float *bias, float *output) {
  activate_block<Activation::quick_gelu>(size, input, bias, output);
}

CT_VECTORISED
void gelu_rows(Matrix size, const float *input, const float *bias, float *output) {
  activate_block<Activation::gelu>(size, input, bias, output);
}

template <Activation KIND>
CT_INLINE void activate_backward_block(Matrix size, const float *input, const float *bias,
                                       float *gradient, float *output, float *column_sums) {
  for (int64_t row = 0; row < size.rows; ++row) {
    const int64_t place = row * size.width;
    for (int64_t i = 0; i < size.width; i += kWidth) {
      const Floats x = load(input + place + i) + load(bias + i);
      Floats value, slope;
      if (KIND == Activation::quick_gelu) {
        const Floats s = sigmoid(1.702f * x);
        value = x * s;
        slope = s * (1.0f + 1.702f * x * (1.0f - s));
      } else {
        const Floats below = normal_distribution(x);
        value = x * below;
        slope = below + x * (0.3989422804014327f * exponential(-0.5f * x * x));
      }
      const Floats result = load(gradient + place + i) * slope;
      store(gradient + place + i, result);
      if (output != nullptr) store(output + place + i, value);
      if (column_sums != nullptr) store(column_sums + i, load(column_sums + i) + result);
    }
  }
}

CT_VECTORISED
void quick_gelu_backward_rows(Matrix size, const float *input, const float *bias, float *gradient,
                              float *output, float *column_sums) {
  activate_backward_block<Activation::quick_gelu>(size, input, bias, gradient, output, column_sums);
}

CT_VECTORISED
void gelu_backward_rows(Matrix size, const float *input, const float *bias, float *gradient,
                        float *output, float *column_sums) {
  activate_backward_block<Activation::gelu>(size, input, bias, gradient, output, column_sums);
}

CT_VECTORISED
void column_sum_rows(Matrix size, const float *input, float *sums) {
  for (int64_t row = 0; row < size.rows; ++row) {
    for (int64_t i = 0; i < size.width; i += kWidth) {
      store(sums + i, load(sums + i) + load(input + row * size.width + i));
    }
  }
}

}  // namespace

void norm_forward(Matrix size, Norm norm, const float *input, float *output, float *mean,
                  float *deviation) {
  over_rows(size.rows, [&](int64_t, int64_t first, int64_t count) {
    const int64_t place = first * size.width;
    norm_rows({count, size.width}, norm, input + place, output + place, mean + first,
              deviation + first);
  });
}

void add_norm_forward(Matrix size, Norm norm, const float *input, const float *update,
                      const float *bias, float *sum, float *output, float *mean,
                      float *deviation) {
  over_rows(size.rows, [&](int64_t, int64_t first, int64_t count) {
    const int64_t place = first * size.width;
    const Matrix part{count, size.width};
    add_row_block(part, input + place, update + place, bias, sum + place);
    norm_rows(part, norm, sum + place, output + place, mean + first, deviation + first);
  });
}

void norm_again(Matrix size, Norm norm, const float *input, const float *mean,
                const float *deviation, float *output) {
  over_rows(size.rows, [&](int64_t, int64_t first, int64_t count) {
    const int64_t place = first * size.width;
    norm_rows_again({count, size.width}, norm, input + place, mean + first, deviation + first,
                    output + place);
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
    norm_backward_rows({count, size.width}, norm, input + place, mean + first, deviation + first,
                       output_gradient + place, residual + place, gradient + place,
                       weight.of(block), bias.of(block), columns.of(block));
  });
  weight.add_to(weight_gradient);
  bias.add_to(bias_gradient);
  columns.add_to(column_sums);
}

void add_rows(Matrix size, const float *input, const float *update, const float *bias,
              float *output) {
  over_rows(size.rows, [&](int64_t, int64_t first, int64_t count) {
    const int64_t place = first * size.width;
    add_row_block({count, size.width}, input + place, update + place, bias, output + place);
  });
}

void activate(Matrix size, Activation kind, const float *input, const float *bias, float *output) {
  over_rows(size.rows, [&](int64_t, int64_t first, int64_t count) {
    const int64_t place = first * size.width;
    (kind == Activation::quick_gelu ? quick_gelu_rows : gelu_rows)(
        {count, size.width}, input + place, bias, output + place);
  });
}

void activate_backward(Matrix size, Activation kind, const float *input, const float *bias,
                       float *gradient, float *output, float *column_sums) {
  BlockSums columns(size.rows, size.width, column_sums != nullptr);
  over_rows(size.rows, [&](int64_t block, int64_t first, int64_t count) {
    const int64_t place = first * size.width;
    (kind == Activation::quick_gelu ? quick_gelu_backward_rows : gelu_backward_rows)(
        {count, size.width}, input + place, bias, gradient + place,
        output == nullptr ? nullptr : output + place, columns.of(block));
  });
  columns.add_to(column_sums);
}

void add_column_sums(Matrix size, const float *input, float *sums) {
  BlockSums columns(size.rows, size.width, sums != nullptr);
  over_rows(size.rows, [&](int64_t block, int64_t first, int64_t count) {
    column_sum_rows({count, size.width}, input + first * size.width, columns.of(block));
  });
  columns.add_to(sums);
}

}  // namespace ctorch
