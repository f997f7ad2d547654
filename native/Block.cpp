// A pre-norm transformer block as one operator, registered as holdfast::transformer_block:
//
//   y = x + attention(norm(x)) · Woᵀ + bo,    z = y + activation(norm(y) · W1ᵀ + b1) · W2ᵀ + b2
//
// libtorch runs it as some thirty kernels and as many backward, each over memory. Here the matrix
// products are libtorch's own and everything between them is one pass. Backward normalises and
// activates again instead of keeping the results, which leaves 10 numbers per row and width in place
// of about 25, and adds gradients straight into those of leaves, so that no copy of them is made.
// Frozen weights get no gradient, and an input that needs none ends the pass.
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <array>
#include <vector>

#include "Attention.h"
#include "Internal.h"
#include "Rows.h"

namespace {

using at::Tensor;
using at::TensorList;
using ctorch::Activation;
using ctorch::Matrix;
using ctorch::Norm;

// The places of the parameters in the operator's list.
enum Parameter {
  norm1_weight, norm1_bias, projection_weight, projection_bias, output_weight, output_bias,
  norm2_weight, norm2_bias, expansion_weight, expansion_bias, contraction_weight,
  contraction_bias, parameter_count
};

// A low-rank update of some outputs of a linear map: y[:, from ..< from + n] += scale · x·Aᵀ·Bᵀ.
struct Adapter {
  Parameter weight;
  int64_t from;
  Tensor down, up;
};

struct Settings {
  std::vector<int64_t> places;  // (weight, from) of each adapter
  double scale;
  int64_t heads;
  Activation activation;
  double epsilon;
  bool causal;
};

std::vector<Adapter> adapters_of(const Settings &settings, TensorList factors) {
  TORCH_CHECK(factors.size() == settings.places.size(), "two places for each pair of factors");
  std::vector<Adapter> result;
  for (size_t i = 0; i + 1 < factors.size(); i += 2) {
    result.push_back({static_cast<Parameter>(settings.places[i]), settings.places[i + 1],
                      factors[i], factors[i + 1]});
  }
  return result;
}

// Memory for intermediate results that do not outlive a call, kept from call to call: fresh memory
// costs a page fault for every 4 KiB.
Tensor scratch(size_t slot, int64_t rows, int64_t width) {
  thread_local std::array<Tensor, 6> slots;
  Tensor &kept = slots[slot];
  if (!kept.defined() || kept.numel() < rows * width) kept = at::empty({rows * width}, at::kFloat);
  return kept.narrow(0, 0, rows * width).view({rows, width});
}

float *numbers(const Tensor &tensor) { return tensor.data_ptr<float>(); }
const float *constants(const Tensor &tensor) { return tensor.const_data_ptr<float>(); }

// What the forward pass leaves for the backward one.
struct Record {
  Tensor projections, attended, log_sums, middle, hidden, statistics;
  std::vector<Tensor> lowered;  // x·Aᵀ of each adapter

  float *statistic(int64_t index) const {
    return statistics.data_ptr<float>() + index * statistics.size(1);
  }
};

class Block {
 public:
  Block(const Settings &settings, TensorList parameters, TensorList factors, const Tensor &input)
      : settings_(settings), adapters_(adapters_of(settings, factors)) {
    TORCH_CHECK(parameters.size() == parameter_count, "a block has 12 parameters");
    for (int i = 0; i < parameter_count; ++i) {
      TORCH_CHECK(parameters[i].scalar_type() == at::kFloat && parameters[i].is_contiguous(),
                  "a block takes contiguous float32 parameters");
      parameters_[i] = parameters[i];
    }
    TORCH_CHECK(input.dim() == 3 && input.scalar_type() == at::kFloat,
                "a block takes float32 [batch, length, width]");
    shape_ = {input.size(0), input.size(1), settings.heads, input.size(2) / settings.heads,
              settings.causal};
    size_ = {input.size(0) * input.size(1), input.size(2)};
    hidden_ = {size_.rows, parameters_[expansion_weight].size(0)};
    TORCH_CHECK(shape_.width() == size_.width && shape_.head_width % 8 == 0 &&
                    hidden_.width % 8 == 0,
                "the widths of a head and of the hidden layer must be multiples of 8");
    check(norm1_weight, {size_.width});
    check(norm1_bias, {size_.width});
    check(projection_weight, {3 * size_.width, size_.width});
    check(projection_bias, {3 * size_.width});
    check(output_weight, {size_.width, size_.width});
    check(output_bias, {size_.width});
    check(norm2_weight, {size_.width});
    check(norm2_bias, {size_.width});
    check(expansion_weight, {hidden_.width, size_.width});
    check(expansion_bias, {hidden_.width});
    check(contraction_weight, {size_.width, hidden_.width});
    check(contraction_bias, {size_.width});
  }

  Tensor forward(const Tensor &input, Record &record, bool isKept) const {
    const float *x = constants(input);
    Tensor output = at::empty(input.sizes(), at::kFloat);
    record.statistics = at::empty({4, size_.rows}, at::kFloat);
    record.projections = keep(isKept, 0, 3 * size_.width);
    record.attended = keep(isKept, 1, size_.width);
    record.middle = keep(isKept, 2, size_.width);
    record.hidden = keep(isKept, 3, hidden_.width);
    if (isKept) record.log_sums = at::empty({size_.rows * shape_.heads}, at::kFloat);

    Tensor normed = scratch(4, size_.rows, size_.width);
    ctorch::norm_forward(size_, norm(norm1_weight), x, numbers(normed), record.statistic(0),
                         record.statistic(1));
    linear(projection_weight, normed, record.projections, record);
    ctorch::attention_forward(shape_, numbers(record.projections),
                              constants(parameters_[projection_bias]), numbers(record.attended),
                              isKept ? numbers(record.log_sums) : nullptr);
    Tensor update = output.view({size_.rows, size_.width});
    linear(output_weight, record.attended, update, record);
    ctorch::add_norm_forward(size_, norm(norm2_weight), x, constants(update),
                             constants(parameters_[output_bias]), numbers(record.middle),
                             numbers(normed), record.statistic(2), record.statistic(3));
    linear(expansion_weight, normed, record.hidden, record);
    Tensor active = isKept ? scratch(5, hidden_.rows, hidden_.width) : record.hidden;
    ctorch::activate(hidden_, settings_.activation, constants(record.hidden),
                     constants(parameters_[expansion_bias]), numbers(active));
    linear(contraction_weight, active, update, record);
    ctorch::add_rows(size_, constants(record.middle), constants(update),
                     constants(parameters_[contraction_bias]), numbers(update));
    return output;
  }

  // Where gradients go: undefined tensors stand for what needs none.
  struct Gradients {
    std::array<Tensor, parameter_count> parameters;
    std::vector<Tensor> factors;
    bool input;
  };

  // The input's gradient, undefined where it needs none.
  Tensor backward(const Tensor &input, const Record &record, const Tensor &output_gradient,
                  Gradients &gradients) const {
    const Tensor given = output_gradient.contiguous().view({size_.rows, size_.width});
    Tensor normed = scratch(4, size_.rows, size_.width);
    Tensor active = scratch(5, hidden_.rows, hidden_.width);
    Tensor hidden = scratch(3, hidden_.rows, hidden_.width);
    Tensor update = scratch(1, size_.rows, size_.width);

    add_bias_gradient(contraction_bias, given, gradients);
    input_gradient(contraction_weight, given, hidden);
    ctorch::activate_backward(hidden_, settings_.activation, constants(record.hidden),
                              constants(parameters_[expansion_bias]), numbers(hidden),
                              needs_inputs(contraction_weight, gradients) ? numbers(active) : nullptr,
                              target(gradients.parameters[expansion_bias]));
    weight_gradient(contraction_weight, given, active, record, gradients);
    if (needs_inputs(expansion_weight, gradients)) {
      ctorch::norm_again(size_, norm(norm2_weight), constants(record.middle), record.statistic(2),
                         record.statistic(3), numbers(normed));
    }
    input_gradient(expansion_weight, hidden, update);
    weight_gradient(expansion_weight, hidden, normed, record, gradients);
    Tensor middle = scratch(2, size_.rows, size_.width);
    ctorch::norm_backward(size_, norm(norm2_weight), constants(record.middle),
                          record.statistic(2), record.statistic(3), constants(update),
                          constants(given), numbers(middle),
                          target(gradients.parameters[norm2_weight]),
                          target(gradients.parameters[norm2_bias]),
                          target(gradients.parameters[output_bias]));

    input_gradient(output_weight, middle, update);
    weight_gradient(output_weight, middle, record.attended, record, gradients);
    Tensor projections = scratch(0, size_.rows, 3 * size_.width);
    ctorch::attention_backward(shape_, constants(record.projections), constants(record.attended),
                               constants(record.log_sums), constants(update),
                               numbers(projections));
    add_bias_gradient(projection_bias, projections, gradients);
    if (needs_inputs(projection_weight, gradients)) {
      ctorch::norm_again(size_, norm(norm1_weight), constants(input), record.statistic(0),
                         record.statistic(1), numbers(normed));
    }
    const bool goes_on = gradients.input || gradients.parameters[norm1_weight].defined();
    if (goes_on) input_gradient(projection_weight, projections, update);
    weight_gradient(projection_weight, projections, normed, record, gradients);
    if (!goes_on) return {};
    Tensor result = at::empty(input.sizes(), at::kFloat);
    ctorch::norm_backward(size_, norm(norm1_weight), constants(input), record.statistic(0),
                          record.statistic(1), constants(update), constants(middle),
                          numbers(result), target(gradients.parameters[norm1_weight]),
                          target(gradients.parameters[norm1_bias]), nullptr);
    return gradients.input ? result : Tensor();
  }

 private:
  const Settings &settings_;
  std::vector<Adapter> adapters_;
  std::array<Tensor, parameter_count> parameters_;
  ctorch::AttentionShape shape_;
  Matrix size_, hidden_;

  void check(Parameter which, at::IntArrayRef sizes) const {
    TORCH_CHECK(parameters_[which].sizes() == sizes, "parameter ", static_cast<int>(which),
                " of a block has the shape ", parameters_[which].sizes(), ", not ", sizes);
  }

  Norm norm(Parameter weight) const {
    return {constants(parameters_[weight]), constants(parameters_[weight + 1]),
            static_cast<float>(settings_.epsilon)};
  }

  Tensor keep(bool isKept, size_t slot, int64_t width) const {
    return isKept ? at::empty({size_.rows, width}, at::kFloat) : scratch(slot, size_.rows, width);
  }

  static float *target(const Tensor &gradient) {
    return gradient.defined() ? gradient.data_ptr<float>() : nullptr;
  }

  // output = input · Wᵀ, with the adapters' updates; the bias is added by who reads it.
  void linear(Parameter which, const Tensor &input, Tensor &output, Record &record) const {
    at::mm_out(output, input, parameters_[which].t());
    for (const Adapter &adapter : adapters_) {
      if (adapter.weight != which) continue;
      Tensor lowered = at::mm(input, adapter.down.t());
      Tensor part = output.narrow(1, adapter.from, adapter.up.size(0));
      at::addmm_out(part, part, lowered, adapter.up.t(), 1, settings_.scale);
      record.lowered.push_back(std::move(lowered));
    }
  }

  // input_gradient = output_gradient · W, with the adapters' share.
  void input_gradient(Parameter which, const Tensor &output_gradient,
                      Tensor &input_gradient) const {
    at::mm_out(input_gradient, output_gradient, parameters_[which]);
    for (const Adapter &adapter : adapters_) {
      if (adapter.weight != which) continue;
      const Tensor part = output_gradient.narrow(1, adapter.from, adapter.up.size(0));
      const Tensor lowered = at::mm(part, adapter.up);
      at::addmm_out(input_gradient, input_gradient, lowered, adapter.down, 1, settings_.scale);
    }
  }

  bool needs_inputs(Parameter which, const Gradients &gradients) const {
    if (gradients.parameters[which].defined()) return true;
    for (size_t i = 0; i < adapters_.size(); ++i) {
      if (adapters_[i].weight == which && gradients.factors[2 * i].defined()) return true;
    }
    return false;
  }

  // Adds output_gradientᵀ · input to the weight's gradient, and the adapters' likewise.
  void weight_gradient(Parameter which, const Tensor &output_gradient, const Tensor &input,
                       const Record &record, Gradients &gradients) const {
    Tensor &gradient = gradients.parameters[which];
    if (gradient.defined()) {
      at::addmm_out(gradient, gradient, output_gradient.t(), input);
    }
    size_t used = 0;
    for (int before = 0; before < which; ++before) {
      for (const Adapter &adapter : adapters_) used += adapter.weight == before;
    }
    for (size_t i = 0; i < adapters_.size(); ++i) {
      const Adapter &adapter = adapters_[i];
      if (adapter.weight != which) continue;
      const Tensor &lowered = record.lowered[used++];
      const Tensor part = output_gradient.narrow(1, adapter.from, adapter.up.size(0));
      Tensor &up = gradients.factors[2 * i + 1], &down = gradients.factors[2 * i];
      if (up.defined()) at::addmm_out(up, up, part.t(), lowered, 1, settings_.scale);
      if (down.defined()) {
        at::addmm_out(down, down, at::mm(part, adapter.up).t(), input, 1, settings_.scale);
      }
    }
  }

  void add_bias_gradient(Parameter which, const Tensor &output_gradient,
                         Gradients &gradients) const {
    const Tensor &gradient = gradients.parameters[which];
    if (!gradient.defined()) return;
    ctorch::add_column_sums({output_gradient.size(0), output_gradient.size(1)},
                            constants(output_gradient), gradient.data_ptr<float>());
  }
};

// The gradient to add to: a leaf's own where it has one, else a fresh one to hand back.
struct GradientPlace {
  Tensor tensor;
  bool isLeafs;
};

GradientPlace place_of_gradient(const Tensor &parameter, bool isNeeded) {
  if (!isNeeded) return {Tensor(), true};
  if (parameter.is_leaf() && parameter.grad().defined() && parameter.grad().is_contiguous() &&
      parameter.grad().scalar_type() == at::kFloat) {
    return {parameter.grad(), true};
  }
  return {at::zeros_like(parameter), false};
}

struct TransformerBlock : public torch::autograd::Function<TransformerBlock> {
  static Tensor forward(torch::autograd::AutogradContext *context, const Tensor &input,
                        TensorList parameters, TensorList factors, const Settings &settings) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const Tensor x = input.contiguous();
    Record record;
    const Tensor output = Block(settings, parameters, factors, x).forward(x, record, true);
    torch::autograd::variable_list saved{x,
                                         record.projections,
                                         record.attended,
                                         record.log_sums,
                                         record.middle,
                                         record.hidden,
                                         record.statistics};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    saved.insert(saved.end(), factors.begin(), factors.end());
    saved.insert(saved.end(), record.lowered.begin(), record.lowered.end());
    context->save_for_backward(saved);
    context->saved_data["places"] = settings.places;
    context->saved_data["scale"] = settings.scale;
    context->saved_data["heads"] = settings.heads;
    context->saved_data["activation"] = static_cast<int64_t>(settings.activation);
    context->saved_data["epsilon"] = settings.epsilon;
    context->saved_data["causal"] = settings.causal;
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list output_gradients) {
    auto &data = context->saved_data;
    const Settings settings{data["places"].toIntVector(),
                            data["scale"].toDouble(),
                            data["heads"].toInt(),
                            static_cast<Activation>(data["activation"].toInt()),
                            data["epsilon"].toDouble(),
                            data["causal"].toBool()};
    const auto saved = context->get_saved_variables();
    constexpr size_t kRecord = 7;
    const size_t factor_count = settings.places.size();
    const TensorList all(saved);
    const TensorList parameters = all.slice(kRecord, parameter_count);
    const TensorList factors = all.slice(kRecord + parameter_count, factor_count);
    const TensorList lowered = all.slice(kRecord + parameter_count + factor_count);
    const Record record{saved[1], saved[2], saved[3], saved[4],
                        saved[5], saved[6], lowered.vec()};
    Block::Gradients gradients;
    gradients.input = context->needs_input_grad(0);
    torch::autograd::variable_list result(1 + parameter_count + factor_count + 1);
    for (size_t i = 0; i < parameter_count + factor_count; ++i) {
      const bool isParameter = i < parameter_count;
      const Tensor &own = isParameter ? parameters[i] : factors[i - parameter_count];
      const GradientPlace place = place_of_gradient(own, context->needs_input_grad(1 + i));
      if (isParameter) {
        gradients.parameters[i] = place.tensor;
      } else {
        gradients.factors.push_back(place.tensor);
      }
      if (!place.isLeafs) result[1 + i] = place.tensor;
    }
    // A norm's two gradients are made together.
    TORCH_CHECK(gradients.parameters[norm1_weight].defined() ==
                        gradients.parameters[norm1_bias].defined() &&
                    gradients.parameters[norm2_weight].defined() ==
                        gradients.parameters[norm2_bias].defined(),
                "weight and bias of a norm are trained together or not at all");
    const at::NoGradGuard none;
    result[0] = Block(settings, parameters, factors, saved[0])
                    .backward(saved[0], record, output_gradients[0], gradients);
    return result;
  }
};

Tensor transformer_block(const Tensor &input, TensorList parameters, TensorList factors,
                         at::IntArrayRef places, double scale, int64_t heads, int64_t activation,
                         double epsilon, bool causal) {
  const Settings settings{places.vec(), scale, heads, static_cast<Activation>(activation),
                          epsilon,      causal};
  const Tensor x = input.contiguous();
  Record record;
  return Block(settings, parameters, factors, x).forward(x, record, false);
}

Tensor transformer_block_autograd(const Tensor &input, TensorList parameters, TensorList factors,
                                  at::IntArrayRef places, double scale, int64_t heads,
                                  int64_t activation, double epsilon, bool causal) {
  const auto needs = [](const Tensor &tensor) { return tensor.requires_grad(); };
  if (!at::GradMode::is_enabled() ||
      !(needs(input) || std::any_of(parameters.begin(), parameters.end(), needs) ||
        std::any_of(factors.begin(), factors.end(), needs))) {
    const at::AutoDispatchBelowADInplaceOrView below;
    return transformer_block(input, parameters, factors, places, scale, heads, activation,
                             epsilon, causal);
  }
  const Settings settings{places.vec(), scale, heads, static_cast<Activation>(activation),
                          epsilon,      causal};
  return TransformerBlock::apply(input, parameters, factors, settings);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(holdfast, library) {
  library.def(
      "transformer_block(Tensor input, Tensor[] parameters, Tensor[] factors, int[] places, "
      "float scale, int heads, int activation, float epsilon, bool causal) -> Tensor");
}

TORCH_LIBRARY_IMPL(holdfast, CPU, library) {
  library.impl("transformer_block", transformer_block);
}

TORCH_LIBRARY_IMPL(holdfast, AutogradCPU, library) {
  library.impl("transformer_block", transformer_block_autograd);
}
