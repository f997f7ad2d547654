// The weights of Pillow's bicubic filter: computed in double, divided by their sum, rounded to
// 22-bit fixed point.

#include "taps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

static double bicubic(double x) {
  const double a = -0.5;
  if (x < 0.0) x = -x;
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

/// The filter on one axis: how many input positions one output position is, how far it reaches.
typedef struct {
  double scale;
  double filter_scale;
  double support;
} axis_filter;

static axis_filter filter_of(const ci_axis *axis) {
  const double scale = (double)(axis->high - axis->low) / (double)axis->new_size;
  const double filter_scale = scale < 1.0 ? 1.0 : scale;
  return (axis_filter){scale, filter_scale, 2.0 * filter_scale};
}

static double centre_of(const ci_axis *axis, axis_filter filter, int64_t position) {
  return axis->low + ((double)position + 0.5) * filter.scale;
}

static int64_t first_tap(axis_filter filter, double centre) {
  const int64_t first = (int64_t)(centre - filter.support + 0.5);
  return first < 0 ? 0 : first;
}

static int64_t last_tap(const ci_axis *axis, axis_filter filter, double centre) {
  const int64_t end = (int64_t)(centre + filter.support + 0.5);
  return end > axis->size ? axis->size : end;
}

int ci_resizes(const ci_axis *axis) {
  return axis->new_size != axis->size || axis->low != 0 || axis->high != (float)axis->new_size;
}

void ci_tap_range(const ci_axis *axis, int64_t *origin, int64_t *extent) {
  if (!ci_resizes(axis)) {
    *origin = axis->start;
    *extent = axis->length;
    return;
  }
  const axis_filter filter = filter_of(axis);
  const int64_t last = axis->start + axis->length - 1;
  *origin = first_tap(filter, centre_of(axis, filter, axis->start));
  *extent = last_tap(axis, filter, centre_of(axis, filter, last)) - *origin;
}

static int is_same(const ci_axis *a, const ci_axis *b) {
  return a->size == b->size && a->low == b->low && a->high == b->high &&
         a->new_size == b->new_size && a->start == b->start && a->length == b->length;
}

int ci_make_taps(filter_taps *taps, const ci_axis *axis) {
  if (taps->first != NULL && is_same(&taps->axis, axis)) return 1;
  ci_free_taps(taps);
  const axis_filter filter = filter_of(axis);
  const double inverse = 1.0 / filter.filter_scale;
  taps->stride = ((int64_t)ceil(filter.support) * 2 + 1 + 3) / 4 * 4;
  const size_t length = (size_t)axis->length;
  const size_t weights = (size_t)taps->stride * length;
  taps->first = calloc(length, sizeof(int64_t));
  taps->count = calloc(length, sizeof(int64_t));
  taps->weights = calloc(weights, sizeof(int32_t));
  taps->high = calloc(weights, sizeof(int16_t));
  taps->low = calloc(weights, sizeof(int16_t));
  double *exact = malloc((size_t)taps->stride * sizeof(double));
  if (!taps->first || !taps->count || !taps->weights || !taps->high || !taps->low || !exact) {
    free(exact);
    ci_free_taps(taps);
    return 0;
  }
  taps->axis = *axis;
  ci_tap_range(axis, &taps->origin, &taps->extent);
  for (int64_t i = 0; i < axis->length; i++) {
    const double centre = centre_of(axis, filter, axis->start + i);
    const int64_t first = first_tap(filter, centre);
    const int64_t count = last_tap(axis, filter, centre) - first;
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
    taps->first[i] = first - taps->origin;
    taps->count[i] = count;
  }
  free(exact);
  return 1;
}

void ci_free_taps(filter_taps *taps) {
  free(taps->first);
  free(taps->count);
  free(taps->weights);
  free(taps->high);
  free(taps->low);
  *taps = (filter_taps){0};
}
