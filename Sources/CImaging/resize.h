#pragma once

#include "internal.h"

// The two passes of resizing, and what they need to know.

/// Weights are integers: a weight of 1 is `1 << WEIGHT_BITS`.
enum { WEIGHT_BITS = 32 - 8 - 2, HALF_WEIGHT = 1 << (WEIGHT_BITS - 1), LOW_BITS = 11 };

/// For each output position: which input positions it reads, and with which weights.
typedef struct {
  /// The first input position that any of them reads, and how many follow.
  int64_t origin;
  int64_t extent;
  /// From the origin on.
  int64_t *first;
  int64_t *count;
  /// `stride` weights for each position, and each as `high << LOW_BITS | low`.
  int32_t *weights;
  int16_t *high;
  int16_t *low;
  int64_t stride;
} filter_taps;

/// The horizontal pass: `height` rows of `width` pixels, each row from a row of the source.
void ci_resize_rows(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                    int64_t width, int64_t height, uint8_t *result);

/// The vertical pass: `height` rows of `width` pixels, each column from a column of the source.
void ci_resize_columns(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                       int64_t width, int64_t height, uint8_t *result);

/// The byte of a sum of weighted bytes; the sum starts from a half, for rounding.
static inline uint8_t ci_rounded(int32_t sum) {
  int32_t value = sum >> WEIGHT_BITS;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}
