// Attention over short sequences, one head at a time in cache.
#pragma once

#include <cstdint>

namespace ctorch {

struct AttentionShape {
  int64_t batch, length, heads, head_width;
  bool causal;

  int64_t width() const { return heads * head_width; }
};

// Adds `bias` [3 · width] (null for none) to `projections` [batch, length, 3, heads, head_width] in
// place, and writes softmax(q·kᵀ / √head_width)·v to `output` [batch, length, width] and the
// logarithm of each row's sum of exponentials to `log_sums` [batch, heads, length].
void attention_forward(const AttentionShape &shape, float *projections, const float *bias,
                       float *output, float *log_sums);

// The gradient of the projections, from what the forward pass left behind.
void attention_backward(const AttentionShape &shape, const float *projections, const float *output,
                        const float *log_sums, const float *output_gradient,
                        float *projection_gradient);

}  // namespace ctorch
