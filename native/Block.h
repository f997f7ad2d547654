// A pre-norm transformer block whose rows go through it while they are in the cache:
//
//   y = x + attention(norm(x)) · Woᵀ + bo,    z = y + activation(norm(y) · W1ᵀ + b1) · W2ᵀ + b2
//
// libtorch runs it as some thirty kernels and as many backward, each over memory. Here a thread takes
// a few sequences through all of it, forward or backward, and only then are the weights' gradients
// made, of rows that were packed for them on the way. Backward normalises and activates again instead of
// keeping the results, which leaves 10 numbers per row and width in place of about 25, and gradients are
// added straight into those of leaves. Frozen weights get no gradient, and an input that needs none ends
// the pass.
//
// Of a last block only the first token may be asked for: then the others give keys and values, and
// nothing else of them is computed, forward or backward.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "Attention.h"
#include "LowRank.h"
#include "Products.h"
#include "Rows.h"

namespace ctorch {

namespace block {
// The places of the parameters in the operator's list.
enum Parameter {
  norm1_weight, norm1_bias, projection_weight, projection_bias, output_weight, output_bias,
  norm2_weight, norm2_bias, expansion_weight, expansion_bias, contraction_weight,
  contraction_bias, parameter_count
};
}  // namespace block

struct BlockSettings {
  std::vector<int64_t> places;  // (weight, from) of each adapter
  double scale;
  int64_t heads;
  Activation activation;
  double epsilon;
  bool causal;
  bool first;  // whether only the first token's output is asked for
};

class Block {
 public:
  // Throws c10::Error where shapes or types do not fit.
  Block(const BlockSettings &settings, at::TensorList parameters, at::TensorList factors,
        const at::Tensor &input);

  // What the forward pass leaves for the backward one. `middle`, `hidden` and the second norm's
  // statistics have the rows of the output.
  struct Record {
    at::Tensor projections, log_sums, middle, hidden, statistics1, statistics2;
    std::vector<at::Tensor> lowered;  // x·Aᵀ of each adapter
  };

  // Where gradients go: undefined tensors stand for what needs none.
  struct Gradients {
    std::array<at::Tensor, block::parameter_count> parameters;
    std::vector<at::Tensor> factors;
    bool input;
  };

  // Fills the record where it is not null.
  at::Tensor forward(const at::Tensor &input, Record *record) const;

  // The input's gradient, undefined where it needs none.
  at::Tensor backward(const at::Tensor &input, const Record &record,
                      const at::Tensor &output_gradient, Gradients &gradients) const;

 private:
  // A low-rank update of some outputs of a map: y[:, from ..< from + n] += scale · x·Aᵀ·Bᵀ.
  struct Adapter {
    block::Parameter weight;
    int64_t from;
    // Where its sums begin among those of a group: [rank, inputs], then [rank, outputs].
    int64_t sums;
    at::Tensor down, up;

    int64_t rank() const { return down.size(0); }
    int64_t outputs() const { return up.size(0); }
    // The factor on the side of the inputs.
    Factor first() const { return {down.const_data_ptr<float>(), rank(), down.size(1)}; }
  };

  struct Rows {
    int64_t first, count;

    Matrix of(int64_t width) const { return {count, width}; }
  };

  // Sequences that one thread takes through the block: all their rows, and those of the output.
  struct Group {
    int64_t index, first_sequence, sequences;
    Rows all, answered;
  };

  // What belongs to one pass.
  struct Workspace;
  struct Forward;
  struct Backward;

  const BlockSettings &settings_;
  std::vector<Adapter> adapters_;
  // How many numbers a group adds up for the gradients of factors.
  int64_t factor_sums_ = 0;
  std::array<at::Tensor, block::parameter_count> parameters_;
  AttentionShape shape_;
  Matrix size_, answered_, hidden_;
  Multiplier multiplier_, answered_multiplier_;

  void check(block::Parameter which, at::IntArrayRef sizes) const;
  Norm norm(block::Parameter weight) const;
  const float *parameter(block::Parameter which) const;
  int64_t inputs(block::Parameter which) const { return parameters_[which].size(1); }
  int64_t outputs(block::Parameter which) const { return parameters_[which].size(0); }
  int64_t rows(block::Parameter which) const;
  Multiplier multiplier_of(block::Parameter which) const;

  // The numbers of the matrices that answered rows go through.
  int64_t answered_weights() const { return size_.width * (size_.width + 2 * hidden_.width); }
  int64_t groups() const;
  Group group(int64_t index, int64_t first, int64_t count) const;
  void over_groups(const std::function<void(Group)> &body) const;
  void over_first_groups(const std::function<void(Group)> &body) const;

  std::vector<at::Tensor> lower(Workspace &workspace) const;
  void pack(bool isForward, Workspace &workspace) const;
  void transpose_ups(Workspace &workspace) const;
  void multiply(block::Parameter which, bool isForward, Group group, const float *input,
                float *result, const Workspace &workspace) const;
  bool needs_inputs(block::Parameter which, const Gradients &gradients) const;
  void add_factor_gradients(block::Parameter which, Group group, const float *output_gradient,
                            const float *input, const Record &record, const Gradients &gradients,
                            const Workspace &workspace, float *sums) const;
  void collect_factor_gradients(const float *sums, Gradients &gradients) const;
  void expect_inputs(const Gradients &gradients, Workspace &workspace) const;
  void weight_gradient(block::Parameter which, const float *output_gradient, Gradients &gradients,
                       const Workspace &workspace) const;
};

}  // namespace ctorch
