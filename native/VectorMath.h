// Eight or sixteen floats at a time, in plain vector types that GCC and Clang compile for every
// processor.
//
// What works on vectors is a struct with a static `run<WIDTH>`, which Vectorised.h compiles for several
// generations of x86. Everything here is inlined into it; vectors are passed between inlined functions
// only, so that their calling convention is no matter.
#pragma once

#include <cstdint>
#include <type_traits>

namespace ctorch {

#define CT_INLINE inline __attribute__((always_inline))

// Vectors in registers, and floats anywhere in memory. Only loads and stores use `Place`: GCC makes
// an insertion for each element of a number spread over a vector whose type is not aligned.
template <int WIDTH>
struct Vector;
template <>
struct Vector<8> {
  typedef float Floats __attribute__((vector_size(32)));
  typedef int32_t Integers __attribute__((vector_size(32)));
  typedef float Place __attribute__((vector_size(32), aligned(4), may_alias));
};
template <>
struct Vector<16> {
  typedef float Floats __attribute__((vector_size(64)));
  typedef int32_t Integers __attribute__((vector_size(64)));
  typedef float Place __attribute__((vector_size(64), aligned(4), may_alias));
};

template <int WIDTH>
using Floats = typename Vector<WIDTH>::Floats;
// The whole numbers beside a vector of floats.
template <typename V>
using Integers = typename Vector<sizeof(V) / sizeof(float)>::Integers;

template <int WIDTH>
CT_INLINE Floats<WIDTH> load(const float *from) {
  return *reinterpret_cast<const typename Vector<WIDTH>::Place *>(from);
}

template <typename V>
CT_INLINE void store(float *to, V value) {
  *reinterpret_cast<typename Vector<sizeof(V) / sizeof(float)>::Place *>(to) = value;
}

template <typename V>
CT_INLINE V splat(float value) {
  return V{} + value;
}

CT_INLINE float sum(Floats<8> v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

// In this form compilers have one instruction for it, and give b where either is no number.
template <typename V>
CT_INLINE V larger(V a, V b) {
  return a > b ? a : b;
}
template <typename V>
CT_INLINE V smaller(V a, V b) {
  return a < b ? a : b;
}

CT_INLINE Floats<8> lower(Floats<16> v) {
  return Floats<8>{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]};
}
CT_INLINE Floats<8> upper(Floats<16> v) {
  return Floats<8>{v[8], v[9], v[10], v[11], v[12], v[13], v[14], v[15]};
}
CT_INLINE float sum(Floats<16> v) { return sum(lower(v) + upper(v)); }

// Rows of an 8 × 8 matrix to its columns.
CT_INLINE void transpose(Floats<8> (&rows)[8]) {
#if defined(__GNUC__) && !defined(__clang__)
  using Lanes = Vector<8>::Integers;
  Floats<8> pairs[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = __builtin_shuffle(rows[i], rows[i + 1], Lanes{0, 8, 2, 10, 4, 12, 6, 14});
    pairs[i + 1] = __builtin_shuffle(rows[i], rows[i + 1], Lanes{1, 9, 3, 11, 5, 13, 7, 15});
  }
  Floats<8> fours[8];
  for (int half = 0; half < 8; half += 4) {
    for (int i = 0; i < 2; ++i) {
      const Floats<8> a = pairs[half + i], b = pairs[half + i + 2];
      fours[half + i] = __builtin_shuffle(a, b, Lanes{0, 1, 8, 9, 4, 5, 12, 13});
      fours[half + i + 2] = __builtin_shuffle(a, b, Lanes{2, 3, 10, 11, 6, 7, 14, 15});
    }
  }
  for (int i = 0; i < 4; ++i) {
    rows[i] = __builtin_shuffle(fours[i], fours[i + 4], Lanes{0, 1, 2, 3, 8, 9, 10, 11});
    rows[i + 4] = __builtin_shuffle(fours[i], fours[i + 4], Lanes{4, 5, 6, 7, 12, 13, 14, 15});
  }
#else
  for (int i = 0; i < 8; ++i) {
    for (int j = i + 1; j < 8; ++j) {
      const float kept = rows[i][j];
      rows[i][j] = rows[j][i];
      rows[j][i] = kept;
    }
  }
#endif
}

// e^x: 2^n · e^r with |r| <= ln 2 / 2, whose exponential is Taylor's polynomial of degree 7;
// relative error below 3e-7. Outside ±87 the value at the edge is given.
template <typename V>
CT_INLINE V exponential(V x) {
  x = smaller(splat<V>(87.0f), larger(splat<V>(-87.0f), x));
  const V rounder = splat<V>(12582912.0f);  // 1.5 · 2^23: adding it rounds to a whole number
  const V rounded = x * 1.44269504088896341f + rounder;
  const V n = rounded - rounder;
  const V r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  V p = splat<V>(1.0f / 5040.0f);
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  // The last bits of `rounded` are n, which is added to the exponent of p.
  const auto power = __builtin_bit_cast(Integers<V>, rounded) << 23;
  return __builtin_bit_cast(V, __builtin_bit_cast(Integers<V>, p) + power);
}

// 1 / (1 + e^(-x)).
template <typename V>
CT_INLINE V sigmoid(V x) { return 1.0f / (1.0f + exponential(-x)); }

// Φ(x), the normal distribution function, as erfc(-x / √2) / 2 by the Chebyshev fit of Press et
// al., "Numerical Recipes", section 6.2 (relative error below 1.2e-7).
template <typename V>
CT_INLINE V normal_distribution(V x) {
  const V z = (x < 0.0f ? -x : x) * 0.70710678118654752f;
  const V t = 1.0f / (1.0f + 0.5f * z);
  V p = splat<V>(0.17087277f);
  p = p * t - 0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t - 1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t - 0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  p = p * t - 1.26551223f;
  const V half_tail = 0.5f * t * exponential(p - z * z);
  return x < 0.0f ? half_tail : 1.0f - half_tail;
}

}  // namespace ctorch
