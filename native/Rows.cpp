// The passes of a transformer block over rows.
#include "Rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "Internal.h"
#include "Vectorised.h"

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
    vectorised<AddRows>(size.width, part, input + place, update + place, bias, sum + place);
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
