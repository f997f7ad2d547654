#pragma once

#include "CImaging.h"

/// Weights are integers: a weight of 1 is `1 << WEIGHT_BITS`. Each is also kept in two parts of
/// 16 bits, `high << LOW_BITS | low`, for instructions that multiply such.
enum { WEIGHT_BITS = 32 - 8 - 2, HALF_WEIGHT = 1 << (WEIGHT_BITS - 1), LOW_BITS = 11 };

/// What taps are a function of: output positions `start ..< start + length` of `new_size`, which
/// together cover `low` to `high` of `size` input positions.
typedef struct {
  int64_t size;
  float low;
  float high;
  int64_t new_size;
  int64_t start;
  int64_t length;
} ci_axis;

/// For each output position: which input positions it reads, and with which weights.
typedef struct {
  ci_axis axis;
  /// The first input position that any of them reads, and how many follow.
  int64_t origin;
  int64_t extent;
  /// From the origin on.
  int64_t *first;
  int64_t *count;
  /// `stride` weights for each position, a multiple of 4; those after its count are zero.
  int32_t *weights;
  int16_t *high;
  int16_t *low;
  int64_t stride;
} filter_taps;

/// Whether the axis changes anything.
int ci_resizes(const ci_axis *axis);

/// The first input position that is read, and how many follow.
void ci_tap_range(const ci_axis *axis, int64_t *origin, int64_t *extent);

/// Makes the taps of an axis, unless they are there. 0 without memory.
int ci_make_taps(filter_taps *taps, const ci_axis *axis);

void ci_free_taps(filter_taps *taps);
