// The tokens that a vision transformer starts with:
//
//   norm(concatenate(class token, patches · Wᵀ) + positions)
//
// libtorch cuts patches out, multiplies, concatenates, adds and normalises in passes over memory of
// their own, and keeps patches and tokens for the backward pass. Here a thread does it all for a few
// images, and backward cuts the patches out again. The class token's row is that of a patch of zeros,
// so that the rows of a batch are one matrix.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <functional>

#include "Products.h"
#include "Rows.h"

namespace ctorch {

class Embedding {
 public:
  // The places of the parameters: [width, 3, side, side], [width], [1 + patches, width], [width] twice.
  enum Parameter {
    patch_weight, class_token, positions, norm_weight, norm_bias, parameter_count
  };
  using Parameters = std::array<at::Tensor, parameter_count>;

  // Throws c10::Error where shapes or types do not fit.
  Embedding(const Parameters &parameters, const at::Tensor &pixels, double epsilon);

  // What the forward pass leaves for the backward one: tokens before the norm, and its statistics.
  struct Record {
    at::Tensor tokens, statistics;
  };

  // Tokens [batch, 1 + patches, width] of pixels [batch, 3, height, width].
  at::Tensor forward(Record &record) const;

  // Adds to the gradients that are defined; returns the pixels' where it is asked for.
  at::Tensor backward(const Record &record, const at::Tensor &output_gradient,
                      Parameters &gradients, bool needs_pixels) const;

 private:
  const Parameters &parameters_;
  const at::Tensor &pixels_;
  float epsilon_;
  int64_t batch_, side_, rows_down_, rows_across_, length_, width_, depth_;
  Multiplier multiplier_;

  int64_t count() const { return batch_ * length_; }
  Norm norm() const;
  Operand weight() const;
  void over_images(const std::function<void(int64_t, int64_t)> &body) const;
  void cut(int64_t first, int64_t images, float *patches) const;
  void paste(int64_t first, int64_t images, const float *patches, float *pixels) const;
  void add_patch_gradient(const float *tokens, at::Tensor &gradient) const;
  void add_position_gradients(const float *tokens, Parameters &gradients) const;
};

}  // namespace ctorch
