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
#include "SmallProduct.h"
#include "Vectorised.h"

namespace ctorch {
namespace {

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

constexpr float kLowest = -3.4e38f;

// Keys after a query give nothing: in rows of keys the scores of the queries before each.
CT_INLINE void hide(float *scores, int64_t columns, int64_t keys, int64_t first) {
  for (int64_t key = first + 1; key < keys; ++key) {
    std::fill_n(scores + key * columns, std::min(key - first, columns), kLowest);
  }
}

// Scores [keys, columns] of a query a column to probabilities that are not normalised, with each
// column's sum and its largest score, scaled.
struct Exponentials {
  template <int WIDTH>
  CT_INLINE static void run(float *scores, int64_t keys, int64_t columns, float scale, float *sums,
                            float *tops) {
    for (int64_t i = 0; i < columns; i += WIDTH) {
      auto peak = load<WIDTH>(scores + i);
      for (int64_t key = 1; key < keys; ++key) {
        peak = larger(peak, load<WIDTH>(scores + key * columns + i));
      }
      const auto top = peak * scale;
      auto total = splat<Floats<WIDTH>>(0);
      for (int64_t key = 0; key < keys; ++key) {
        float *place = scores + key * columns + i;
        const auto score = load<WIDTH>(place);
        auto value = exponential(score * scale - top);
        value = score == kLowest ? splat<Floats<WIDTH>>(0) : value;
        store(place, value);
        total += value;
      }
      store(sums + i, total);
      store(tops + i, top);
    }
  }
};

struct ScaleRow {
  template <int WIDTH>
  CT_INLINE static void run(float *row, int64_t count, float factor) {
    for (int64_t i = 0; i < count; i += WIDTH) store(row + i, load<WIDTH>(row + i) * factor);
  }
};

// Scores [keys, columns] to probabilities and, from the probabilities' gradient, the scores' own.
struct ScoreGradient {
  template <int WIDTH>
  CT_INLINE static void run(float *scores, float *gradient, int64_t keys, int64_t columns,
                            float scale, const float *log_sums) {
    for (int64_t i = 0; i < columns; i += WIDTH) {
      const auto log_sum = load<WIDTH>(log_sums + i);
      auto inner = splat<Floats<WIDTH>>(0);
      for (int64_t key = 0; key < keys; ++key) {
        const int64_t place = key * columns + i;
        const auto score = load<WIDTH>(scores + place);
        auto p = exponential(score * scale - log_sum);
        p = score == kLowest ? splat<Floats<WIDTH>>(0) : p;
        store(scores + place, p);
        inner += p * load<WIDTH>(gradient + place);
      }
      for (int64_t key = 0; key < keys; ++key) {
        const int64_t place = key * columns + i;
        store(gradient + place,
              load<WIDTH>(scores + place) * (load<WIDTH>(gradient + place) - inner) * scale);
      }
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

// Queries whose scores are made at once, going forward.
constexpr int64_t kQueries = 64;

// A product with instructions of its own, which is too much code to repeat where it is used.
template <int WIDTH>
void multiply(int64_t rows, int64_t columns, int64_t depth, Operand a, const float *b,
              int64_t b_stride, float *c, int64_t c_stride) {
  vectorised<SmallProduct>(WIDTH, rows, columns, depth, a, b, b_stride, c, c_stride);
}

int64_t padded(int64_t length, int64_t width) { return (length + width - 1) / width * width; }

// The scratch memory of a head's forward and backward pass, with a query in each of some columns:
// queries transposed and scores (and their gradients), and numbers of each query.
int64_t forward_scratch(const AttentionShape &s, int64_t columns) {
  return (s.head_width + s.length + 2) * columns;
}
int64_t backward_scratch(const AttentionShape &s, int64_t columns) {
  return (2 * (s.head_width + s.length) + 1) * columns;
}

// A query has a column of its own in all scores, so that what is taken of its keys, the largest score and
// the sum, is taken of whole vectors.
struct ForwardHead {
  template <int WIDTH>
  CT_INLINE static void run(const AttentionShape *shape, Head head, float *projections,
                            const float *bias, float *output, float *log_sums, float *scratch) {
    const int64_t length = shape->length, depth = shape->head_width, width = shape->width();
    const int64_t stride = 3 * width;
    const float scale = 1.0f / std::sqrt(static_cast<float>(depth));
    float *q = projections + head.projection(*shape), *k = q + width, *v = k + width;
    float *out = output + head.output(*shape);
    if (bias != nullptr) {
      const float *own = bias + head.head * depth;
      AddBias::run<WIDTH>(q, stride, own, shape->queries, depth);
      AddBias::run<WIDTH>(k, stride, own + width, length, depth);
      AddBias::run<WIDTH>(v, stride, own + 2 * width, length, depth);
    }
    for (int64_t first = 0; first < shape->queries; first += kQueries) {
      const int64_t count = std::min(kQueries, shape->queries - first);
      const int64_t columns = padded(count, WIDTH), keys = shape->causal ? first + count : length;
      float *queries = scratch, *scores = queries + depth * columns;
      float *sums = scores + keys * columns, *tops = sums + columns;
      Transpose::run<WIDTH>(q + first * stride, stride, count, depth, columns, queries);
      multiply<WIDTH>(keys, columns, depth, {k, stride, 1}, queries, columns, scores, columns);
      if (shape->causal) hide(scores, columns, keys, first);
      Exponentials::run<WIDTH>(scores, keys, columns, scale, sums, tops);
      float *target = out + first * width;
      multiply<WIDTH>(count, depth, keys, {scores, 1, columns}, v, stride, target, width);
      for (int64_t row = 0; row < count; ++row) {
        ScaleRow::run<WIDTH>(target + row * width, depth, 1.0f / sums[row]);
      }
      if (log_sums == nullptr) continue;
      for (int64_t row = 0; row < count; ++row) {
        log_sums[head.row(*shape) + first + row] = tops[row] + std::log(sums[row]);
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
    const int64_t count = shape->queries, stride = 3 * width, columns = padded(count, WIDTH);
    const float scale = 1.0f / std::sqrt(static_cast<float>(depth));
    const float *q = projections + head.projection(*shape), *k = q + width, *v = k + width;
    const float *gradient = output_gradient + head.output(*shape);
    float *q_gradient = projection_gradient + head.projection(*shape);
    float *k_gradient = q_gradient + width, *v_gradient = k_gradient + width;
    float *queries = scratch, *gradients = queries + depth * columns;
    float *scores = gradients + depth * columns, *score_gradients = scores + length * columns;
    float *own_sums = score_gradients + length * columns;
    Transpose::run<WIDTH>(q, stride, count, depth, columns, queries);
    Transpose::run<WIDTH>(gradient, width, count, depth, columns, gradients);
    multiply<WIDTH>(length, columns, depth, {k, stride, 1}, queries, columns, scores, columns);
    multiply<WIDTH>(length, columns, depth, {v, stride, 1}, gradients, columns, score_gradients,
                    columns);
    if (shape->causal) hide(scores, columns, length, 0);
    std::fill_n(std::copy_n(log_sums + head.row(*shape), count, own_sums), columns - count, 0.0f);
    ScoreGradient::run<WIDTH>(scores, score_gradients, length, columns, scale, own_sums);
    if (output != nullptr) {
      multiply<WIDTH>(count, depth, length, {scores, 1, columns}, v, stride,
                      output + head.output(*shape), width);
    }
    multiply<WIDTH>(length, depth, count, {scores, columns, 1}, gradient, width, v_gradient, stride);
    multiply<WIDTH>(count, depth, length, {score_gradients, 1, columns}, k, stride, q_gradient,
                    stride);
    multiply<WIDTH>(length, depth, count, {score_gradients, columns, 1}, q, stride, k_gradient,
                    stride);
    for (int64_t row = count; row < length; ++row) {
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
  const int64_t columns =
      padded(std::min(kQueries, shape.queries), vector_width(shape.head_width));
  over_heads(shape, forward_scratch(shape, columns), [&](Head head, float *scratch) {
    vectorised<ForwardHead>(shape.head_width, &shape, head, projections, bias, output, log_sums,
                            scratch);
  });
}

void attention_backward(const AttentionShape &shape, const float *projections,
                        const float *log_sums, const float *output_gradient,
                        float *projection_gradient, float *output) {
  const int64_t columns = padded(shape.queries, vector_width(shape.head_width));
  over_heads(shape, backward_scratch(shape, columns), [&](Head head, float *scratch) {
    vectorised<BackwardHead>(shape.head_width, &shape, head, projections, log_sums,
                             output_gradient, projection_gradient, output, scratch);
  });
}

}  // namespace ctorch
