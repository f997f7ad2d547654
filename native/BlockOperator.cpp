// The operator holdfast::transformer_block and its derivative: what is saved between the passes, and
// where gradients go.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <vector>

#include "Block.h"
#include "Gradients.h"

namespace {

using at::Tensor;
using at::TensorList;
using ctorch::Activation;
using ctorch::Block;
using ctorch::BlockSettings;
using ctorch::GradientPlace;
using ctorch::place_of_gradient;
using namespace ctorch::block;

struct TransformerBlock : public torch::autograd::Function<TransformerBlock> {
  static Tensor forward(torch::autograd::AutogradContext *context, const Tensor &input,
                        TensorList parameters, TensorList factors, const BlockSettings &settings) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const Tensor x = input.contiguous();
    Block::Record record;
    const Tensor output = Block(settings, parameters, factors, x).forward(x, &record);
    torch::autograd::variable_list saved{x,
                                         record.projections,
                                         record.log_sums,
                                         record.middle,
                                         record.hidden,
                                         record.statistics1,
                                         record.statistics2};
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
    context->saved_data["first"] = settings.first;
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list output_gradients) {
    auto &data = context->saved_data;
    const BlockSettings settings{data["places"].toIntVector(),
                            data["scale"].toDouble(),
                            data["heads"].toInt(),
                            static_cast<Activation>(data["activation"].toInt()),
                            data["epsilon"].toDouble(),
                            data["causal"].toBool(),
                            data["first"].toBool()};
    const auto saved = context->get_saved_variables();
    constexpr size_t kRecord = 7;
    const size_t factor_count = settings.places.size();
    const TensorList all(saved);
    const TensorList parameters = all.slice(kRecord, parameter_count);
    const TensorList factors = all.slice(kRecord + parameter_count, factor_count);
    const TensorList lowered = all.slice(kRecord + parameter_count + factor_count);
    const Block::Record record{saved[1], saved[2], saved[3], saved[4],
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
                         double epsilon, bool causal, bool first) {
  const BlockSettings settings{places.vec(), scale, heads, static_cast<Activation>(activation),
                          epsilon,      causal, first};
  const Tensor x = input.contiguous();
  return Block(settings, parameters, factors, x).forward(x, nullptr);
}

Tensor transformer_block_autograd(const Tensor &input, TensorList parameters, TensorList factors,
                                  at::IntArrayRef places, double scale, int64_t heads,
                                  int64_t activation, double epsilon, bool causal, bool first) {
  const auto needs = [](const Tensor &tensor) { return tensor.requires_grad(); };
  if (!at::GradMode::is_enabled() ||
      !(needs(input) || std::any_of(parameters.begin(), parameters.end(), needs) ||
        std::any_of(factors.begin(), factors.end(), needs))) {
    const at::AutoDispatchBelowADInplaceOrView below;
    return transformer_block(input, parameters, factors, places, scale, heads, activation,
                             epsilon, causal, first);
  }
  const BlockSettings settings{places.vec(), scale, heads, static_cast<Activation>(activation),
                          epsilon,      causal, first};
  return TransformerBlock::apply(input, parameters, factors, settings);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(holdfast, library) {
  library.def(
      "transformer_block(Tensor input, Tensor[] parameters, Tensor[] factors, int[] places, "
      "float scale, int heads, int activation, float epsilon, bool causal, bool first) -> Tensor");
}

TORCH_LIBRARY_IMPL(holdfast, CPU, library) {
  library.impl("transformer_block", transformer_block);
}

TORCH_LIBRARY_IMPL(holdfast, AutogradCPU, library) {
  library.impl("transformer_block", transformer_block_autograd);
}
