// Pillow's 8-bit bicubic resampling (libImaging/Resample.c), number for number: weights in double,
// rounded to 22-bit fixed point; a horizontal pass rounded to 8 bits, then a vertical one; a pass
// is skipped where it changes nothing. Sums are integers, so any order of adding gives one result.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#pragma STDC FP_CONTRACT OFF

enum { PRECISION = 32 - 8 - 2 };

/// For each output position: which input positions it reads, and with which weights.
typedef struct {
  int64_t *first;
  int64_t *count;
  /// `stride` weights for each position.
  int32_t *weights;
  int64_t stride;
} filter_taps;

static double bicubic(double x) {
  const double a = -0.5;
  if (x < 0.0) x = -x;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

static void free_taps(filter_taps *taps) {
  free(taps->first);
  free(taps->count);
  free(taps->weights);
}

/// The taps of output positions `start ..< start + length` of `new_size`, which cover `low` to
/// `high` of `size` input positions. False without memory.
static int make_taps(filter_taps *taps, int64_t size, float low, float high, int64_t new_size,
                     int64_t start, int64_t length) {
  double scale = (double)(high - low) / (double)new_size;
  double filter_scale = scale < 1.0 ? 1.0 : scale;
  double support = 2.0 * filter_scale;
  double inverse = 1.0 / filter_scale;
  taps->stride = (int64_t)ceil(support) * 2 + 1;
  taps->first = calloc((size_t)length, sizeof(int64_t));
  taps->count = calloc((size_t)length, sizeof(int64_t));
  taps->weights = calloc((size_t)(taps->stride * length), sizeof(int32_t));
  double *exact = malloc((size_t)taps->stride * sizeof(double));
  if (!taps->first || !taps->count || !taps->weights || !exact) {
    free(exact);
    return 0;
  }
  for (int64_t i = 0; i < length; i++) {
    double centre = low + ((double)(start + i) + 0.5) * scale;
    int64_t first = (int64_t)(centre - support + 0.5);
    if (first < 0) first = 0;
    int64_t end = (int64_t)(centre + support + 0.5);
    if (end > size) end = size;
    int64_t count = end - first;
    double sum = 0;
    for (int64_t k = 0; k < count; k++) {
      exact[k] = bicubic(((double)(k + first) - centre + 0.5) * inverse);
      sum += exact[k];
    }
    int32_t *weights = taps->weights + i * taps->stride;
    for (int64_t k = 0; k < count; k++) {
      double weight = (sum != 0.0 ? exact[k] / sum : exact[k]) * (1 << PRECISION);
      weights[k] = (int32_t)(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    taps->first[i] = first;
    taps->count[i] = count;
  }
  free(exact);
  return 1;
}

static uint8_t clip(int32_t sum) {
  int32_t value = sum >> PRECISION;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void resize_row(const uint8_t *restrict source, const filter_taps *taps, int64_t length,
                       uint8_t *restrict result) {
  for (int64_t x = 0; x < length; x++) {
    const uint8_t *pixel = source + 3 * taps->first[x];
    const int32_t *weights = taps->weights + x * taps->stride;
    int32_t red = 1 << (PRECISION - 1), green = red, blue = red;
    for (int64_t k = 0; k < taps->count[x]; k++) {
      red += pixel[3 * k] * weights[k];
      green += pixel[3 * k + 1] * weights[k];
      blue += pixel[3 * k + 2] * weights[k];
    }
    result[3 * x] = clip(red);
    result[3 * x + 1] = clip(green);
    result[3 * x + 2] = clip(blue);
  }
}

/// Adds up whole rows, which vectorises; `sums` has room for `length` values.
static void resize_columns(const uint8_t *source, ptrdiff_t stride, const int32_t *weights,
                           int64_t count, int64_t length, int32_t *restrict sums,
                           uint8_t *restrict result) {
  for (int64_t i = 0; i < length; i++) sums[i] = 1 << (PRECISION - 1);
  for (int64_t k = 0; k < count; k++) {
    const uint8_t *restrict row = source + k * stride;
    const int32_t weight = weights[k];
    for (int64_t i = 0; i < length; i++) sums[i] += row[i] * weight;
  }
  for (int64_t i = 0; i < length; i++) result[i] = clip(sums[i]);
}

/// The vertical pass over `length` bytes of each row; row 0 of `source` is input row `origin`.
static int resize_vertically(const uint8_t *source, ptrdiff_t stride, int64_t origin,
                             const filter_taps *taps, int64_t length, int64_t rows,
                             uint8_t *result) {
  int32_t *sums = malloc((size_t)length * sizeof(int32_t));
  if (sums == NULL) return 0;
  for (int64_t y = 0; y < rows; y++) {
    resize_columns(source + (taps->first[y] - origin) * stride, stride,
                   taps->weights + y * taps->stride, taps->count[y], length, sums,
                   result + y * length);
  }
  free(sums);
  return 1;
}

ci_status ci_resize_bicubic(const uint8_t *source, int64_t width, int64_t height, ptrdiff_t stride,
                            const float box[4], int64_t new_width, int64_t new_height,
                            ci_rectangle window, uint8_t *result) {
  int horizontal = new_width != width || box[0] != 0 || box[2] != (float)new_width;
  int vertical = new_height != height || box[1] != 0 || box[3] != (float)new_height;
  filter_taps columns = {0}, rows = {0};
  uint8_t *between = NULL;
  const int64_t row_bytes = 3 * window.width;
  int ok = 1;
  if (horizontal) {
    ok = make_taps(&columns, width, box[0], box[2], new_width, window.x, window.width);
  }
  if (ok && vertical) {
    ok = make_taps(&rows, height, box[1], box[3], new_height, window.y, window.height);
  }

  // The input rows that the window needs.
  int64_t first = window.y, end = window.y + window.height;
  if (ok && vertical) {
    first = rows.first[0];
    end = rows.first[window.height - 1] + rows.count[window.height - 1];
  }
  const uint8_t *input = source + first * stride;
  ptrdiff_t input_stride = stride;
  if (ok && horizontal) {
    uint8_t *target = result;
    if (vertical) target = between = malloc((size_t)(row_bytes * (end - first)));
    ok = target != NULL;
    for (int64_t y = 0; ok && y < end - first; y++) {
      resize_row(input + y * stride, &columns, window.width, target + y * row_bytes);
    }
    input = target;
    input_stride = row_bytes;
  } else {
    input += 3 * window.x;
  }
  if (ok && vertical) {
    ok = resize_vertically(input, input_stride, first, &rows, row_bytes, window.height, result);
  } else if (ok && !horizontal) {
    for (int64_t y = 0; y < window.height; y++) {
      memcpy(result + y * row_bytes, input + y * input_stride, (size_t)row_bytes);
    }
  }
  free_taps(&columns);
  free_taps(&rows);
  free(between);
  return ok ? CI_OK : CI_OUT_OF_MEMORY;
}
