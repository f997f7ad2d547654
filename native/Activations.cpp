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

#include "ActivationMath.h"
#include "Internal.h"
#include "Vectorised.h"

namespace {

using ctorch::Activation;
using ctorch::activated;
using ctorch::load;
using ctorch::store;
using ctorch::vectorised;

struct Forward {
  template <int WIDTH>
  CT_INLINE static void run(const float *input, float *output, int64_t count) {
    const auto step = [](const float *from, float *to) __attribute__((always_inline)) {
      store(to, activated<Activation::quick_gelu>(load<WIDTH>(from)).value);
    };
    int64_t i = 0;
    for (; i + WIDTH <= count; i += WIDTH) step(input + i, output + i);
    float rest[WIDTH] = {};
    std::copy(input + i, input + count, rest);
    step(rest, rest);
    std::copy(rest, rest + (count - i), output + i);
  }
};

struct Backward {
  template <int WIDTH>
  CT_INLINE static void run(const float *input, const float *gradient, float *output,
                            int64_t count) {
    const auto step = [](const float *x, const float *given, float *to)
                          __attribute__((always_inline)) {
      store(to, load<WIDTH>(given) * activated<Activation::quick_gelu>(load<WIDTH>(x)).slope);
    };
    int64_t i = 0;
    for (; i + WIDTH <= count; i += WIDTH) step(input + i, gradient + i, output + i);
    float rest[WIDTH] = {}, given[WIDTH] = {};
    std::copy(input + i, input + count, rest);
    std::copy(gradient + i, gradient + count, given);
    step(rest, given, rest);
    std::copy(rest, rest + (count - i), output + i);
  }
};

// What is left over at the end is taken in a vector of its own, so that any count will do.
constexpr int64_t kAnyLength = 0;

constexpr int64_t kGrain = 1 << 15;

at::Tensor quick_gelu(const at::Tensor &input) {
  const at::Tensor x = input.contiguous();
  TORCH_CHECK(x.scalar_type() == at::kFloat, "holdfast::quick_gelu takes float32");
  at::Tensor output = at::empty_like(x);
  const float *from = x.const_data_ptr<float>();
  float *to = output.mutable_data_ptr<float>();
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t begin, int64_t end) {
    vectorised<Forward>(kAnyLength, from + begin, to + begin, end - begin);
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
    vectorised<Backward>(kAnyLength, from + begin, grad + begin, to + begin, end - begin);
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
