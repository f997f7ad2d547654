// The operator holdfast::vision_embedding and its derivative.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>

#include "Embedding.h"
#include "Gradients.h"

namespace {

using at::Tensor;
using ctorch::Embedding;

Embedding::Parameters gathered(at::TensorList list) {
  TORCH_CHECK(list.size() == Embedding::parameter_count, "an embedding has 5 parameters");
  Embedding::Parameters parameters;
  std::copy(list.begin(), list.end(), parameters.begin());
  return parameters;
}

struct VisionEmbedding : public torch::autograd::Function<VisionEmbedding> {
  static Tensor forward(torch::autograd::AutogradContext *context, const Tensor &pixels,
                        at::TensorList parameters, double epsilon) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const Tensor x = pixels.contiguous();
    const Embedding::Parameters own = gathered(parameters);
    Embedding::Record record;
    const Tensor output = Embedding(own, x, epsilon).forward(record);
    torch::autograd::variable_list saved{x, record.tokens, record.statistics};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    context->save_for_backward(saved);
    context->saved_data["epsilon"] = epsilon;
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list output_gradients) {
    const auto saved = context->get_saved_variables();
    const Embedding::Parameters parameters = gathered(at::TensorList(saved).slice(3));
    Embedding::Parameters gradients;
    torch::autograd::variable_list result(1 + Embedding::parameter_count + 1);
    for (size_t i = 0; i < Embedding::parameter_count; ++i) {
      const auto place =
          ctorch::place_of_gradient(parameters[i], context->needs_input_grad(1 + i));
      gradients[i] = place.tensor;
      if (!place.isLeafs) result[1 + i] = place.tensor;
    }
    TORCH_CHECK(gradients[Embedding::norm_weight].defined() ==
                    gradients[Embedding::norm_bias].defined(),
                "weight and bias of a norm are trained together or not at all");
    const at::NoGradGuard none;
    result[0] = Embedding(parameters, saved[0], context->saved_data["epsilon"].toDouble())
                    .backward({saved[1], saved[2]}, output_gradients[0], gradients,
                              context->needs_input_grad(0));
    return result;
  }
};

Tensor vision_embedding(const Tensor &pixels, at::TensorList parameters, double epsilon) {
  const Tensor x = pixels.contiguous();
  const Embedding::Parameters own = gathered(parameters);
  Embedding::Record record;
  return Embedding(own, x, epsilon).forward(record);
}

Tensor vision_embedding_autograd(const Tensor &pixels, at::TensorList parameters, double epsilon) {
  const auto needs = [](const Tensor &tensor) { return tensor.requires_grad(); };
  if (!at::GradMode::is_enabled() ||
      !(needs(pixels) || std::any_of(parameters.begin(), parameters.end(), needs))) {
    const at::AutoDispatchBelowADInplaceOrView below;
    return vision_embedding(pixels, parameters, epsilon);
  }
  return VisionEmbedding::apply(pixels, parameters, epsilon);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(holdfast, library) {
  library.def("vision_embedding(Tensor pixels, Tensor[] parameters, float epsilon) -> Tensor");
}

TORCH_LIBRARY_IMPL(holdfast, CPU, library) { library.impl("vision_embedding", vision_embedding); }

TORCH_LIBRARY_IMPL(holdfast, AutogradCPU, library) {
  library.impl("vision_embedding", vision_embedding_autograd);
}
