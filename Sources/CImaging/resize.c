// Pillow's 8-bit bicubic resampling, number for number: weights in double, rounded to 22-bit fixed
// point; two passes with 8 bits between them; a pass is skipped where it changes nothing. Sums are
// integers, so any order of adding gives the same result.
//
// Which pass comes first shows in the last bit. It is the horizontal one, but since Pillow 13 the
// vertical one where the height shrinks by more than twice the pixels that the width shrinks by.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "resize.h"

#pragma STDC FP_CONTRACT OFF

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
  free(taps->high);
  free(taps->low);
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
  const size_t weights = (size_t)(taps->stride * length);
  taps->weights = calloc(weights, sizeof(int32_t));
  taps->high = calloc(weights, sizeof(int16_t));
  taps->low = calloc(weights, sizeof(int16_t));
  double *exact = malloc((size_t)taps->stride * sizeof(double));
  if (!taps->first || !taps->count || !taps->weights || !taps->high || !taps->low || !exact) {
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
    for (int64_t k = 0; k < count; k++) {
      double weight = (sum != 0.0 ? exact[k] / sum : exact[k]) * (1 << WEIGHT_BITS);
      const int32_t rounded = (int32_t)(weight < 0 ? weight - 0.5 : weight + 0.5);
      taps->weights[i * taps->stride + k] = rounded;
      taps->high[i * taps->stride + k] = (int16_t)(rounded >> LOW_BITS);
      taps->low[i * taps->stride + k] = (int16_t)(rounded & ((1 << LOW_BITS) - 1));
    }
    taps->first[i] = first;
    taps->count[i] = count;
  }
  free(exact);
  taps->origin = taps->first[0];
  taps->extent = taps->first[length - 1] + taps->count[length - 1] - taps->origin;
  for (int64_t i = 0; i < length; i++) taps->first[i] -= taps->origin;
  return 1;
}

/// The taps of a pass that is skipped: the window as it is.
static void skip_taps(filter_taps *taps, int64_t start, int64_t length) {
  taps->origin = start;
  taps->extent = length;
}

ci_status ci_resize_bicubic(const uint8_t *source, int64_t width, int64_t height, ptrdiff_t stride,
                            const float box[4], int64_t new_width, int64_t new_height,
                            ci_rectangle window, uint8_t *result) {
  const int horizontal = new_width != width || box[0] != 0 || box[2] != (float)new_width;
  const int vertical = new_height != height || box[1] != 0 || box[3] != (float)new_height;
  const int vertical_first =
      vertical && new_height < height && height - new_height > 2 * (width - new_width);

  filter_taps columns = {0}, rows = {0};
  int ok = 1;
  if (horizontal) {
    ok &= make_taps(&columns, width, box[0], box[2], new_width, window.x, window.width);
  } else {
    skip_taps(&columns, window.x, window.width);
  }
  if (vertical) {
    ok &= make_taps(&rows, height, box[1], box[3], new_height, window.y, window.height);
  } else {
    skip_taps(&rows, window.y, window.height);
  }

  // Only the part of the source that the window needs goes through the first pass.
  const int64_t between_width = vertical_first ? columns.extent : window.width;
  const int64_t between_height = vertical_first ? window.height : rows.extent;
  uint8_t *between = NULL;
  if (ok && horizontal && vertical) {
    ok = (between = malloc((size_t)(3 * between_width * between_height))) != NULL;
  }
  if (ok) {
    source += rows.origin * stride + 3 * columns.origin;
    if (!horizontal && !vertical) {
      for (int64_t y = 0; y < window.height; y++) {
        memcpy(result + 3 * window.width * y, source + y * stride, (size_t)(3 * window.width));
      }
    } else if (!vertical) {
      ci_resize_rows(source, stride, &columns, window.width, window.height, result);
    } else if (!horizontal) {
      ci_resize_columns(source, stride, &rows, window.width, window.height, result);
    } else if (vertical_first) {
      ci_resize_columns(source, stride, &rows, between_width, between_height, between);
      ci_resize_rows(between, 3 * between_width, &columns, window.width, window.height,
                          result);
    } else {
      ci_resize_rows(source, stride, &columns, between_width, between_height, between);
      ci_resize_columns(between, 3 * between_width, &rows, window.width, window.height,
                           result);
    }
  }
  free_taps(&columns);
  free_taps(&rows);
  free(between);
  return ok ? CI_OK : CI_OUT_OF_MEMORY;
}
