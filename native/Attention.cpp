// Attention over short sequences: a head's scores stay in the cache between their three products.
//
// Vaswani et al. 2017 (arXiv 1706.03762); backward recomputes the probabilities from each row's
// sum of exponentials, as Dao et al. 2022 (arXiv 2205.14135) do.
#include "Attention.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <vector>

#include "Internal.h"
#include "VectorMath.h"

namespace ctorch {
namespace {

// A matrix whose element (row, column) is at data[row * row_stride + column * column_stride].
struct Operand {
  const float *data;
  int64_t row_stride, column_stride;
};

// ROWS × (8 · VECTORS) elements of a product, kept in registers over its whole depth.
template <int ROWS, int VECTORS>
CT_INLINE void tile(Operand a, const float *b, int64_t b_stride, float *c, int64_t c_stride,
                    int64_t depth) {
  Floats sums[ROWS][VECTORS];
  for (int row = 0; row < ROWS; ++row) {
    for (int part = 0; part < VECTORS; ++part) sums[row][part] = splat(0);
  }
  for (int64_t k = 0; k < depth; ++k) {
    Floats right[VECTORS];
    for (int part = 0; part < VECTORS; ++part) right[part] = load(b + k * b_stride + 8 * part);
    const float *left = a.data + k * a.column_stride;
    for (int row = 0; row < ROWS; ++row) {
      const float factor = left[row * a.row_stride];
      for (int part = 0; part < VECTORS; ++part) sums[row][part] += factor * right[part];
    }
  }
  for (int row = 0; row < ROWS; ++row) {
    for (int part = 0; part < VECTORS; ++part) {
      store(c + row * c_stride + 8 * part, sums[row][part]);
    }
  }
}

template <int VECTORS>
CT_INLINE void tiles(int64_t rows, Operand a, const float *b, int64_t b_stride, float *c,
                     int64_t c_stride, int64_t depth) {
  int64_t row = 0;
  for (; row + 6 <= rows; row += 6) {
    tile<6, VECTORS>({a.data + row * a.row_stride, a.row_stride, a.column_stride}, b, b_stride,
                     c + row * c_stride, c_stride, depth);
  }
  const Operand rest{a.data + row * a.row_stride, a.row_stride, a.column_stride};
  float *target = c + row * c_stride;
  switch (rows - row) {
    case 1: return tile<1, VECTORS>(rest, b, b_stride, target, c_stride, depth);
    case 2: return tile<2, VECTORS>(rest, b, b_stride, target, c_stride, depth);
    case 3: return tile<3, VECTORS>(rest, b, b_stride, target, c_stride, depth);
    case 4: return tile<4, VECTORS>(rest, b, b_stride, target, c_stride, depth);
    case 5: return tile<5, VECTORS>(rest, b, b_stride, target, c_stride, depth);
    default: return;
  }
}

// c [rows, columns] = a [rows, depth] · b [depth, columns]; columns are a multiple of 8.
CT_VECTORISED
void multiply(int64_t rows, int64_t columns, int64_t depth, Operand a, const float *b,
              int64_t b_stride, float *c, int64_t c_stride) {
  int64_t column = 0;
  for (; column + 16 <= columns; column += 16) {
    tiles<2>(rows, a, b + column, b_stride, c + column, c_stride, depth);
  }
  if (column < columns) tiles<1>(rows, a, b + column, b_stride, c + column, c_stride, depth);
}

// Adds a bias to rows of a head.
CT_VECTORISED
void add_bias(float *rows, int64_t stride, const float *bias, int64_t length, int64_t width) {
  for (int64_t row = 0; row < length; ++row) {
    float *place = rows + row * stride;
    for (int64_t i = 0; i < width; i += kWidth) store(place + i, load(place + i) + load(bias + i));
  }
}

// to [width, padded] = rowsᵀ, zero beyond `length`.
CT_VECTORISED
void transpose(const float *rows, int64_t stride, int64_t length, int64_t width, int64_t padded,
               float *to) {
  for (int64_t block = 0; block < padded; block += kWidth) {
    for (int64_t i = 0; i < width; i += kWidth) {
      Floats part[kWidth];
      for (int64_t lane = 0; lane < kWidth; ++lane) {
        const int64_t row = block + lane;
        part[lane] = row < length ? load(rows + row * stride + i) : splat(0);
      }
      ctorch::transpose(part);
      for (int64_t lane = 0; lane < kWidth; ++lane) {
        store(to + (i + lane) * padded + block, part[lane]);
      }
    }
  }
}

// Scores to unnormalised probabilities, zero from `count` to `padded`.
struct RowSum {
  float largest, total;
};

CT_VECTORISED
RowSum exponentials(float *row, int64_t count, int64_t padded, float scale) {
  const float lowest = -3.4e38f;
  for (int64_t i = count; i < padded; ++i) row[i] = lowest;
  Floats peak = splat(lowest);
  for (int64_t i = 0; i < padded; i += kWidth) peak = larger(peak, load(row + i));
  const float top = largest(peak) * scale;
  Floats total = splat(0);
  for (int64_t i = 0; i < padded; i += kWidth) {
    const Floats score = load(row + i);
    Floats value = exponential(score * scale - top);
    value = score == lowest ? splat(0) : value;
    store(row + i, value);
    total += value;
  }
  return {top, sum(total)};
}

CT_VECTORISED
void scale_row(float *row, int64_t count, float factor) {
  for (int64_t i = 0; i < count; i += kWidth) store(row + i, load(row + i) * factor);
}

CT_VECTORISED
float dot(const float *a, const float *b, int64_t count) {
  Floats total = splat(0);
  for (int64_t i = 0; i < count; i += kWidth) total += load(a + i) * load(b + i);
  return sum(total);
}

// Scores to probabilities and, from the probabilities' gradient, the scores' own.
CT_VECTORISED
void score_gradient(float *scores, float *gradient, int64_t count, int64_t padded, float scale,
                    float log_sum, float inner) {
  for (int64_t i = 0; i < padded; i += kWidth) {
    const Floats p = exponential(load(scores + i) * scale - log_sum);
    store(scores + i, p);
    store(gradient + i, p * (load(gradient + i) - inner) * scale);
  }
  for (int64_t i = count; i < padded; ++i) scores[i] = gradient[i] = 0;
}

// Where one head of one sequence lies in [batch, length, parts, heads, head_width].
struct Head {
  int64_t batch, head;

  int64_t projection(const AttentionShape &s) const {
    return batch * s.length * 3 * s.width() + head * s.head_width;
  }
  int64_t output(const AttentionShape &s) const {
    return batch * s.length * s.width() + head * s.head_width;
  }
  int64_t row(const AttentionShape &s) const { return (batch * s.heads + head) * s.length; }
};

int64_t padded(int64_t length) { return (length + kWidth - 1) / kWidth * kWidth; }

// Calls body(head, scratch) for every head of every sequence, in parallel.
template <typename Body>
void over_heads(const AttentionShape &shape, int64_t scratch_size, Body &&body) {
  at::parallel_for(0, shape.batch * shape.heads, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>(scratch_size));
    for (int64_t i = begin; i < end; ++i) {
      body(Head{i / shape.heads, i % shape.heads}, scratch.data());
    }
  });
}

}  // namespace

void attention_forward(const AttentionShape &shape, float *projections, const float *bias,
                       float *output, float *log_sums) {
  const int64_t length = shape.length, depth = shape.head_width, width = shape.width();
  const int64_t stride = 3 * width, columns = padded(length);
  const float scale = 1.0f / std::sqrt(static_cast<float>(depth));
  constexpr int64_t kRows = 6;
  over_heads(shape, depth * columns + kRows * columns, [&](Head head, float *scratch) {
    float *q = projections + head.projection(shape), *k = q + width, *v = k + width;
    float *out = output + head.output(shape);
    float *keys = scratch, *scores = scratch + depth * columns;
    if (bias != nullptr) {
      const float *own = bias + head.head * depth;
      add_bias(q, stride, own, length, depth);
      add_bias(k, stride, own + width, length, depth);
      add_bias(v, stride, own + 2 * width, length, depth);
    }
    transpose(k, stride, length, depth, columns, keys);
    for (int64_t first = 0; first < length; first += kRows) {
      const int64_t rows = std::min(kRows, length - first);
      multiply(rows, columns, depth, {q + first * stride, stride, 1}, keys, columns, scores,
               columns);
      float factors[kRows];
      for (int64_t row = 0; row < rows; ++row) {
        const int64_t count = shape.causal ? first + row + 1 : length;
        const RowSum sums = exponentials(scores + row * columns, count, columns, scale);
        factors[row] = 1.0f / sums.total;
        if (log_sums != nullptr) {
          log_sums[head.row(shape) + first + row] = sums.largest + std::log(sums.total);
        }
      }
      float *target = out + first * width;
      multiply(rows, depth, length, {scores, columns, 1}, v, stride, target, width);
      for (int64_t row = 0; row < rows; ++row) scale_row(target + row * width, depth, factors[row]);
    }
  });
}

void attention_backward(const AttentionShape &shape, const float *projections, const float *output,
                        const float *log_sums, const float *output_gradient,
                        float *projection_gradient) {
  const int64_t length = shape.length, depth = shape.head_width, width = shape.width();
  const int64_t stride = 3 * width, columns = padded(length);
  const float scale = 1.0f / std::sqrt(static_cast<float>(depth));
  const int64_t scratch_size = 2 * depth * columns + 2 * length * columns;
  over_heads(shape, scratch_size, [&](Head head, float *scratch) {
    const float *q = projections + head.projection(shape), *k = q + width, *v = k + width;
    const float *out = output + head.output(shape);
    const float *gradient = output_gradient + head.output(shape);
    float *q_gradient = projection_gradient + head.projection(shape);
    float *k_gradient = q_gradient + width, *v_gradient = k_gradient + width;
    float *keys = scratch, *values = keys + depth * columns;
    float *scores = values + depth * columns, *score_gradients = scores + length * columns;
    transpose(k, stride, length, depth, columns, keys);
    transpose(v, stride, length, depth, columns, values);
    multiply(length, columns, depth, {q, stride, 1}, keys, columns, scores, columns);
    multiply(length, columns, depth, {gradient, width, 1}, values, columns, score_gradients,
             columns);
    for (int64_t row = 0; row < length; ++row) {
      score_gradient(scores + row * columns, score_gradients + row * columns,
                     shape.causal ? row + 1 : length, columns, scale,
                     log_sums[head.row(shape) + row],
                     dot(gradient + row * width, out + row * width, depth));
    }
    multiply(length, depth, length, {scores, 1, columns}, gradient, width, v_gradient, stride);
    multiply(length, depth, length, {score_gradients, columns, 1}, k, stride, q_gradient, stride);
    multiply(length, depth, length, {score_gradients, 1, columns}, q, stride, k_gradient, stride);
  });
}

}  // namespace ctorch
