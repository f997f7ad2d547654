// Attention over short sequences: a head's scores stay in the cache between their three products.
//
// Vaswani et al. 2017 (arXiv 1706.03762); backward recomputes the probabilities from each row's
// sum of exponentials, as Dao et al. 2022 (arXiv 2205.14135) do.
#include "Attention.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "Internal.h"
#include "Vectorised.h"

namespace ctorch {
namespace {

// A matrix whose element (row, column) is at data[row * row_stride + column * column_stride].
struct Operand {
  const float *data;
  int64_t row_stride, column_stride;
};

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
    const float *left = a.data + k * a.column_stride;
    for (int row = 0; row < ROWS; ++row) {
      const float factor = left[row * a.row_stride];
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
    tile<WIDTH, 6, VECTORS>({a.data + row * a.row_stride, a.row_stride, a.column_stride}, b,
                            b_stride, c + row * c_stride, c_stride, depth);
  }
  const Operand rest{a.data + row * a.row_stride, a.row_stride, a.column_stride};
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
struct Multiply {
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

// Adds a bias to rows of a head.
struct AddBias {
  template <int WIDTH>
  CT_INLINE static void run(float *rows, int64_t stride, const float *bias, int64_t length,
                            int64_t width) {
    for (int64_t row = 0; row < length; ++row) {
      float *place = rows + row * stride;
      for (int64_t i = 0; i < width; i += WIDTH) {
        store(place + i, load<WIDTH>(place + i) + load<WIDTH>(bias + i));
      }
    }
  }
};

// to [width, padded] = rowsᵀ, zero beyond `length`.
struct Transpose {
  template <int>
  CT_INLINE static void run(const float *rows, int64_t stride, int64_t length, int64_t width,
                            int64_t padded, float *to) {
    constexpr int64_t kSide = 8;
    for (int64_t block = 0; block < padded; block += kSide) {
      for (int64_t i = 0; i < width; i += kSide) {
        Floats<kSide> part[kSide];
        for (int64_t lane = 0; lane < kSide; ++lane) {
          const int64_t row = block + lane;
          part[lane] =
              row < length ? load<kSide>(rows + row * stride + i) : splat<Floats<kSide>>(0);
        }
        transpose(part);
        for (int64_t lane = 0; lane < kSide; ++lane) {
          store(to + (i + lane) * padded + block, part[lane]);
        }
      }
    }
  }
};

struct RowSum {
  float largest, total;
};

// Scores to unnormalised probabilities, zero from `count` to `padded`.
struct Exponentials {
  template <int WIDTH>
  CT_INLINE static RowSum run(float *row, int64_t count, int64_t padded, float scale) {
    const float lowest = -3.4e38f;
    for (int64_t i = count; i < padded; ++i) row[i] = lowest;
    auto peak = splat<Floats<WIDTH>>(lowest);
    for (int64_t i = 0; i < padded; i += WIDTH) peak = larger(peak, load<WIDTH>(row + i));
    const float top = largest(peak) * scale;
    auto total = splat<Floats<WIDTH>>(0);
    for (int64_t i = 0; i < padded; i += WIDTH) {
      const auto score = load<WIDTH>(row + i);
      auto value = exponential(score * scale - top);
      value = score == lowest ? splat<Floats<WIDTH>>(0) : value;
      store(row + i, value);
      total += value;
    }
    return {top, sum(total)};
  }
};

struct ScaleRow {
  template <int WIDTH>
  CT_INLINE static void run(float *row, int64_t count, float factor) {
    for (int64_t i = 0; i < count; i += WIDTH) store(row + i, load<WIDTH>(row + i) * factor);
  }
};

// Scores to probabilities and, from the probabilities' gradient, the scores' own.
struct ScoreGradient {
  template <int WIDTH>
  CT_INLINE static void run(float *scores, float *gradient, int64_t count, int64_t padded,
                            float scale, float log_sum) {
    for (int64_t i = count; i < padded; ++i) scores[i] = -3.4e38f, gradient[i] = 0;
    auto products = splat<Floats<WIDTH>>(0);
    for (int64_t i = 0; i < padded; i += WIDTH) {
      const auto score = load<WIDTH>(scores + i);
      const auto p = exponential(score * scale - log_sum);
      store(scores + i, p);
      products += p * load<WIDTH>(gradient + i);
    }
    for (int64_t i = count; i < padded; ++i) scores[i] = 0;
    const float inner = sum(products);
    for (int64_t i = 0; i < padded; i += WIDTH) {
      store(gradient + i,
            load<WIDTH>(scores + i) * (load<WIDTH>(gradient + i) - inner) * scale);
    }
  }
};

// Where one head of one sequence lies in [batch, length, parts, heads, head_width].
struct Head {
  int64_t batch, head;

  int64_t projection(const AttentionShape &s) const {
    return batch * s.length * 3 * s.width() + head * s.head_width;
  }
  int64_t output(const AttentionShape &s) const {
    return batch * s.queries * s.width() + head * s.head_width;
  }
  int64_t row(const AttentionShape &s) const { return (batch * s.heads + head) * s.queries; }
};

// Rows of scores that are made at once.
constexpr int64_t kRows = 6;

// A product with instructions of its own, which is too much code to repeat where it is used.
template <int WIDTH>
void multiply(int64_t rows, int64_t columns, int64_t depth, Operand a, const float *b,
              int64_t b_stride, float *c, int64_t c_stride) {
  vectorised<Multiply>(WIDTH, rows, columns, depth, a, b, b_stride, c, c_stride);
}

// The scratch memory of a head's forward and backward pass: keys (and values) transposed, and
// rows of scores (and their gradients).
int64_t padded(int64_t length, int64_t width) { return (length + width - 1) / width * width; }
int64_t forward_scratch(const AttentionShape &s, int64_t columns) {
  return (s.head_width + kRows) * columns;
}
int64_t backward_scratch(const AttentionShape &s, int64_t columns) {
  return 2 * (s.head_width + s.queries) * columns;
}

struct ForwardHead {
  template <int WIDTH>
  CT_INLINE static void run(const AttentionShape *shape, Head head, float *projections,
                            const float *bias, float *output, float *log_sums, float *scratch) {
    const int64_t length = shape->length, depth = shape->head_width, width = shape->width();
    const int64_t stride = 3 * width, columns = padded(length, WIDTH);
    const float scale = 1.0f / std::sqrt(static_cast<float>(depth));
    float *q = projections + head.projection(*shape), *k = q + width, *v = k + width;
    float *out = output + head.output(*shape);
    float *keys = scratch, *scores = scratch + depth * columns;
    if (bias != nullptr) {
      const float *own = bias + head.head * depth;
      AddBias::run<WIDTH>(q, stride, own, shape->queries, depth);
      AddBias::run<WIDTH>(k, stride, own + width, length, depth);
      AddBias::run<WIDTH>(v, stride, own + 2 * width, length, depth);
    }
    Transpose::run<WIDTH>(k, stride, length, depth, columns, keys);
    for (int64_t first = 0; first < shape->queries; first += kRows) {
      const int64_t rows = std::min(kRows, shape->queries - first);
      multiply<WIDTH>(rows, columns, depth, {q + first * stride, stride, 1}, keys, columns,
                      scores, columns);
      float factors[kRows];
      for (int64_t row = 0; row < rows; ++row) {
        const int64_t count = shape->causal ? first + row + 1 : length;
        const RowSum sums =
            Exponentials::run<WIDTH>(scores + row * columns, count, columns, scale);
        factors[row] = 1.0f / sums.total;
        if (log_sums != nullptr) {
          log_sums[head.row(*shape) + first + row] = sums.largest + std::log(sums.total);
        }
      }
      float *target = out + first * width;
      multiply<WIDTH>(rows, depth, length, {scores, columns, 1}, v, stride, target, width);
      for (int64_t row = 0; row < rows; ++row) {
        ScaleRow::run<WIDTH>(target + row * width, depth, factors[row]);
      }
    }
  }
};

struct BackwardHead {
  template <int WIDTH>
  CT_INLINE static void run(const AttentionShape *shape, Head head, const float *projections,
                            const float *log_sums, const float *output_gradient,
                            float *projection_gradient, float *output, float *scratch) {
    const int64_t length = shape->length, depth = shape->head_width, width = shape->width();
    const int64_t queries = shape->queries, stride = 3 * width, columns = padded(length, WIDTH);
    const float scale = 1.0f / std::sqrt(static_cast<float>(depth));
    const float *q = projections + head.projection(*shape), *k = q + width, *v = k + width;
    const float *gradient = output_gradient + head.output(*shape);
    float *q_gradient = projection_gradient + head.projection(*shape);
    float *k_gradient = q_gradient + width, *v_gradient = k_gradient + width;
    float *keys = scratch, *values = keys + depth * columns;
    float *scores = values + depth * columns, *score_gradients = scores + queries * columns;
    Transpose::run<WIDTH>(k, stride, length, depth, columns, keys);
    Transpose::run<WIDTH>(v, stride, length, depth, columns, values);
    multiply<WIDTH>(queries, columns, depth, {q, stride, 1}, keys, columns, scores, columns);
    multiply<WIDTH>(queries, columns, depth, {gradient, width, 1}, values, columns,
                    score_gradients, columns);
    for (int64_t row = 0; row < queries; ++row) {
      ScoreGradient::run<WIDTH>(scores + row * columns, score_gradients + row * columns,
                                shape->causal ? row + 1 : length, columns, scale,
                                log_sums[head.row(*shape) + row]);
    }
    if (output != nullptr) {
      multiply<WIDTH>(queries, depth, length, {scores, columns, 1}, v, stride,
                      output + head.output(*shape), width);
    }
    multiply<WIDTH>(length, depth, queries, {scores, 1, columns}, gradient, width, v_gradient,
                    stride);
    multiply<WIDTH>(queries, depth, length, {score_gradients, columns, 1}, k, stride, q_gradient,
                    stride);
    multiply<WIDTH>(length, depth, queries, {score_gradients, 1, columns}, q, stride, k_gradient,
                    stride);
    for (int64_t row = queries; row < length; ++row) {
      std::fill_n(q_gradient + row * stride, depth, 0.0f);
    }
  }
};

// Calls body(head, scratch) for every head of every sequence, in parallel.
template <typename Body>
void over_heads(const AttentionShape &shape, int64_t scratch_size, Body &&body) {
  at::parallel_for(0, shape.batch * shape.heads, 1, [&](int64_t begin, int64_t end) {
    thread_local std::vector<float> scratch;
    if (scratch.size() < static_cast<size_t>(scratch_size)) scratch.resize(scratch_size);
    for (int64_t i = begin; i < end; ++i) {
      body(Head{i / shape.heads, i % shape.heads}, scratch.data());
    }
  });
}

}  // namespace

void attention_forward(const AttentionShape &shape, float *projections, const float *bias,
                       float *output, float *log_sums) {
  const int64_t columns = padded(shape.length, vector_width(shape.head_width));
  over_heads(shape, forward_scratch(shape, columns), [&](Head head, float *scratch) {
    vectorised<ForwardHead>(shape.head_width, &shape, head, projections, bias, output, log_sums,
                            scratch);
  });
}

void attention_backward(const AttentionShape &shape, const float *projections,
                        const float *log_sums, const float *output_gradient,
                        float *projection_gradient, float *output) {
  const int64_t columns = padded(shape.length, vector_width(shape.head_width));
  over_heads(shape, backward_scratch(shape, columns), [&](Head head, float *scratch) {
    vectorised<BackwardHead>(shape.head_width, &shape, head, projections, log_sums,
                             output_gradient, projection_gradient, output, scratch);
  });
}

}  // namespace ctorch
