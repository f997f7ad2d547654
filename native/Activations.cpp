// QuickGELU as one pass over memory in each direction, registered as holdfast::quick_gelu.
//
// x · σ(1.702 x) is three kernels in libtorch and five backward; here both directions read their
// inputs once. The sigmoid is recomputed backward, which costs less than storing it.
#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cstdint>

#include "Internal.h"
#include "VectorMath.h"

namespace {

using ctorch::Floats;
using ctorch::kWidth;
using ctorch::load;
using ctorch::sigmoid;
using ctorch::store;

CT_INLINE Floats value(Floats input) { return input * sigmoid(1.702f * input); }

CT_INLINE Floats derivative(Floats input) {
  const Floats x = 1.702f * input;
  const Floats s = sigmoid(x);
  return s * (1.0f + x * (1.0f - s));
}

CT_VECTORISED
void forward_block(const float *input, float *output, int64_t count) {
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(output + i, value(load(input + i)));
  float rest[kWidth] = {};
  std::copy(input + i, input + count, rest);
  store(rest, value(load(rest)));
  std::copy(rest, rest + (count - i), output + i);
}

CT_VECTORISED
void backward_block(const float *input, const float *gradient, float *output, int64_t count) {
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    store(output + i, load(gradient + i) * derivative(load(input + i)));
  }
  float rest[kWidth] = {}, given[kWidth] = {};
  std::copy(input + i, input + count, rest);
  std::copy(gradient + i, gradient + count, given);
  store(rest, load(given) * derivative(load(rest)));
  std::copy(rest, rest + (count - i), output + i);
}

constexpr int64_t kGrain = 1 << 15;

at::Tensor quick_gelu(const at::Tensor &input) {
  const at::Tensor x = input.contiguous();
  TORCH_CHECK(x.scalar_type() == at::kFloat, "holdfast::quick_gelu takes float32");
  at::Tensor output = at::empty_like(x);
  const float *from = x.const_data_ptr<float>();
  float *to = output.mutable_data_ptr<float>();
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t begin, int64_t end) {
    forward_block(from + begin, to + begin, end - begin);
  });
  return output;
}

at::Tensor quick_gelu_backward(const at::Tensor &gradient, const at::Tensor &input) {
  const at::Tensor x = input.contiguous();
  const at::Tensor g = gradient.contiguous();
  at::Tensor output = at::empty_like(x);
  const float *from = x.const_data_ptr<float>();
  const float *grad = g.const_data_ptr<float>();
  float *to = output.mutable_data_ptr<float>();
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t begin, int64_t end) {
    backward_block(from + begin, grad + begin, to + begin, end - begin);
  });
  return output;
}

struct QuickGELU : public torch::autograd::Function<QuickGELU> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &input) {
    const at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({input});
    return quick_gelu(input);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    return {quick_gelu_backward(gradients[0], context->get_saved_variables()[0])};
  }
};

at::Tensor quick_gelu_autograd(const at::Tensor &input) { return QuickGELU::apply(input); }

}  // namespace

TORCH_LIBRARY(holdfast, library) { library.def("quick_gelu(Tensor input) -> Tensor"); }

TORCH_LIBRARY_IMPL(holdfast, CPU, library) { library.impl("quick_gelu", quick_gelu); }

TORCH_LIBRARY_IMPL(holdfast, AutogradCPU, library) {
  library.impl("quick_gelu", quick_gelu_autograd);
}
