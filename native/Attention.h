// Attention over short sequences, one head at a time in cache.
#pragma once

#include <cstdint>

namespace ctorch {

// Sequences of `length` tokens, of which the first `queries` are answered.
struct AttentionShape {
  int64_t batch, length, heads, head_width, queries;
  bool causal;

  int64_t width() const { return heads * head_width; }
};

// Adds `bias` [3 · width] (null for none) to `projections` [batch, length, 3, heads, head_width] in
// place, and writes softmax(q·kᵀ / √head_width)·v to `output` [batch, queries, width] and the
// logarithm of each row's sum of exponentials to `log_sums` [batch, heads, queries]. Nothing is asked
// of the other tokens' queries, nor left in them.
void attention_forward(const AttentionShape &shape, float *projections, const float *bias,
                       float *output, float *log_sums);

// The gradient of the projections, zero for the other tokens' queries, from what the forward pass
// left behind, and the forward pass's output again where `output` is not null: it costs less to make
// than to keep.
void attention_backward(const AttentionShape &shape, const float *projections,
                        const float *log_sums, const float *output_gradient,
                        float *projection_gradient, float *output);

}  // namespace ctorch
