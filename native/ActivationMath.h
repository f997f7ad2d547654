// The two activations of CLIP and their derivatives.
#pragma once

#include <cstdint>
#include <type_traits>

#include "VectorMath.h"

namespace ctorch {

enum class Activation : int64_t { quick_gelu = 0, gelu = 1 };

template <typename V>
struct Activated {
  V value, slope;
};

// x · σ(1.702 x), or x · Φ(x), and its derivative; what the caller does not use is not computed.
template <Activation KIND, typename V>
CT_INLINE Activated<V> activated(V x) {
  if constexpr (KIND == Activation::quick_gelu) {
    const V scaled = 1.702f * x, s = sigmoid(scaled);
    return {x * s, s * (1.0f + scaled * (1.0f - s))};
  } else {
    const V below = normal_distribution(x);
    return {x * below, below + x * (0.3989422804014327f * exponential(-0.5f * x * x))};
  }
}

// Calls body(constant) with a kind that is known when compiling.
template <typename Body>
void with_activation(Activation kind, Body &&body) {
  if (kind == Activation::quick_gelu) {
    body(std::integral_constant<Activation, Activation::quick_gelu>{});
  } else {
    body(std::integral_constant<Activation, Activation::gelu>{});
  }
}

}  // namespace ctorch
