// The passes of resizing as plain loops.

#include "kernels.h"

/// The byte of a sum of weighted bytes; the sum starts from a half, for rounding.
static inline uint8_t rounded(int32_t sum) {
  const int32_t value = sum >> WEIGHT_BITS;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

void ci_row_plain(const uint8_t *source, const filter_taps *taps, int64_t y, ci_planes result) {
  uint8_t *target = result.bytes + y * result.row;
  for (int64_t x = 0; x < taps->axis.length; x++) {
    const uint8_t *pixel = source + 3 * taps->first[x];
    const int32_t *weights = taps->weights + x * taps->stride;
    int32_t red = HALF_WEIGHT, green = HALF_WEIGHT, blue = HALF_WEIGHT;
    for (int64_t k = 0; k < taps->count[x]; k++) {
      red += pixel[3 * k] * weights[k];
      green += pixel[3 * k + 1] * weights[k];
      blue += pixel[3 * k + 2] * weights[k];
    }
    target[x] = rounded(red);
    target[x + result.plane] = rounded(green);
    target[x + 2 * result.plane] = rounded(blue);
  }
}

void ci_rows_plain(const uint8_t *source, ptrdiff_t stride, const uint8_t *end,
                   const filter_taps *taps, int64_t height, ci_planes result) {
  (void)end;
  for (int64_t y = 0; y < height; y++) ci_row_plain(source + y * stride, taps, y, result);
}

void ci_column_plain(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps, int64_t y,
                     int64_t start, int64_t end, uint8_t *result) {
  const int32_t *weights = taps->weights + y * taps->stride;
  source += taps->first[y] * stride;
  for (int64_t i = start; i < end; i++) {
    int32_t sum = HALF_WEIGHT;
    for (int64_t k = 0; k < taps->count[y]; k++) sum += source[k * stride + i] * weights[k];
    result[i] = rounded(sum);
  }
}

/// Sixteen bytes of one row, in a loop that compilers vectorise.
static void sixteen_columns(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                            int64_t y, uint8_t *result) {
  const int32_t *weights = taps->weights + y * taps->stride;
  int32_t sums[16];
  for (int i = 0; i < 16; i++) sums[i] = HALF_WEIGHT;
  source += taps->first[y] * stride;
  for (int64_t k = 0; k < taps->count[y]; k++, source += stride) {
    for (int i = 0; i < 16; i++) sums[i] += source[i] * weights[k];
  }
  for (int i = 0; i < 16; i++) result[i] = rounded(sums[i]);
}

void ci_columns_plain(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                      int64_t length, uint8_t *result, ptrdiff_t result_stride) {
  columns_by_sixteen(sixteen_columns, source, stride, taps, length, result, result_stride);
}

int64_t ci_rows_with_slack(const uint8_t *source, ptrdiff_t stride, const uint8_t *end,
                           const filter_taps *taps, int64_t height, int64_t slack) {
  const int64_t room = end - source - 3 * taps->extent - slack;
  if (room < 0) return 0;
  const int64_t rows = room / stride + 1;
  return rows < height ? rows : height;
}
