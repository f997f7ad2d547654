// Where an operator's backward pass puts the gradient of a parameter.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros_like.h>

namespace ctorch {

// The gradient to add to: a leaf's own where it has one, else a fresh one to hand back.
struct GradientPlace {
  at::Tensor tensor;
  bool isLeafs;
};

inline GradientPlace place_of_gradient(const at::Tensor &parameter, bool isNeeded) {
  if (!isNeeded) return {at::Tensor(), true};
  if (parameter.is_leaf() && parameter.grad().defined() && parameter.grad().is_contiguous() &&
      parameter.grad().scalar_type() == at::kFloat) {
    return {parameter.grad(), true};
  }
  return {at::zeros_like(parameter), false};
}

}  // namespace ctorch
