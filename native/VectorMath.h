// Eight floats at a time, in plain vector types that GCC and Clang compile for every processor.
//
// The functions are inlined into callers that CT_VECTORISED compiles for several x86 generations.
#pragma once

#include <cstdint>

// Vectors are passed between inlined functions only, where their calling convention is no matter.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

namespace ctorch {

#define CT_INLINE inline __attribute__((always_inline))

constexpr int64_t kWidth = 8;

// Aligned to a float only, so that any address can be read and written through it.
typedef float Floats __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t Integers __attribute__((vector_size(32), aligned(4), may_alias));

CT_INLINE Floats load(const float *from) { return *reinterpret_cast<const Floats *>(from); }
CT_INLINE void store(float *to, Floats value) { *reinterpret_cast<Floats *>(to) = value; }
// Written as a difference, which compilers see through: of a list of eight they make eight insertions.
CT_INLINE Floats splat(float value) { return value - Floats{}; }

CT_INLINE float sum(Floats v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

CT_INLINE Floats larger(Floats a, Floats b) { return a > b ? a : b; }

CT_INLINE float largest(Floats v) {
  float result = v[0];
  for (int lane = 1; lane < 8; ++lane) result = v[lane] > result ? v[lane] : result;
  return result;
}

// Rows of an 8 × 8 matrix to its columns.
CT_INLINE void transpose(Floats (&rows)[8]) {
#if defined(__GNUC__) && !defined(__clang__)
  Floats pairs[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = __builtin_shuffle(rows[i], rows[i + 1], Integers{0, 8, 2, 10, 4, 12, 6, 14});
    pairs[i + 1] = __builtin_shuffle(rows[i], rows[i + 1], Integers{1, 9, 3, 11, 5, 13, 7, 15});
  }
  Floats fours[8];
  for (int half = 0; half < 8; half += 4) {
    for (int i = 0; i < 2; ++i) {
      const Floats a = pairs[half + i], b = pairs[half + i + 2];
      fours[half + i] = __builtin_shuffle(a, b, Integers{0, 1, 8, 9, 4, 5, 12, 13});
      fours[half + i + 2] = __builtin_shuffle(a, b, Integers{2, 3, 10, 11, 6, 7, 14, 15});
    }
  }
  for (int i = 0; i < 4; ++i) {
    rows[i] = __builtin_shuffle(fours[i], fours[i + 4], Integers{0, 1, 2, 3, 8, 9, 10, 11});
    rows[i + 4] = __builtin_shuffle(fours[i], fours[i + 4], Integers{4, 5, 6, 7, 12, 13, 14, 15});
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
CT_INLINE Floats exponential(Floats x) {
  x = x < -87.0f ? splat(-87.0f) : x;
  x = x > 87.0f ? splat(87.0f) : x;
  const Floats rounder = splat(12582912.0f);  // 1.5 · 2^23: adding it rounds to a whole number
  const Floats n = (x * 1.44269504088896341f + rounder) - rounder;
  const Floats r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  Floats p = splat(1.0f / 5040.0f);
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const Integers bits = (__builtin_convertvector(n, Integers) + 127) << 23;
  return p * reinterpret_cast<const Floats &>(bits);
}

// 1 / (1 + e^(-x)).
CT_INLINE Floats sigmoid(Floats x) { return 1.0f / (1.0f + exponential(-x)); }

// Φ(x), the normal distribution function, as erfc(-x / √2) / 2 by the Chebyshev fit of Press et
// al., "Numerical Recipes", section 6.2 (relative error below 1.2e-7).
CT_INLINE Floats normal_distribution(Floats x) {
  const Floats z = (x < 0.0f ? -x : x) * 0.70710678118654752f;
  const Floats t = 1.0f / (1.0f + 0.5f * z);
  Floats p = splat(0.17087277f);
  p = p * t - 0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t - 1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t - 0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  p = p * t - 1.26551223f;
  const Floats half_tail = 0.5f * t * exponential(p - z * z);
  return x < 0.0f ? half_tail : 1.0f - half_tail;
}

}  // namespace ctorch
