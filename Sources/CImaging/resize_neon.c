// The passes of resizing with NEON, which every 64-bit ARM has: it multiplies 32-bit integers as
// fast as it adds them, so that weights stay whole.

#include "kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

/// Sixteen sums, divided by the weight of 1 and rounded; they started from a half.
static inline uint8x16_t rounded(const int32x4_t sums[4]) {
  int16x4_t words[4];
  for (int i = 0; i < 4; i++) words[i] = vqmovn_s32(vshrq_n_s32(sums[i], WEIGHT_BITS));
  return vcombine_u8(vqmovun_s16(vcombine_s16(words[0], words[1])),
                     vqmovun_s16(vcombine_s16(words[2], words[3])));
}

/// Red, green, blue and nothing of one pixel, before rounding.
static inline int32x4_t pixel_sums(const uint8_t *source, const filter_taps *taps, int64_t x) {
  // The bytes of four pixels, each in 32 bits; an index outside of the table gives zero.
  static const uint8_t spread[4][16] = {
      {0, 255, 255, 255, 1, 255, 255, 255, 2, 255, 255, 255, 255, 255, 255, 255},
      {3, 255, 255, 255, 4, 255, 255, 255, 5, 255, 255, 255, 255, 255, 255, 255},
      {6, 255, 255, 255, 7, 255, 255, 255, 8, 255, 255, 255, 255, 255, 255, 255},
      {9, 255, 255, 255, 10, 255, 255, 255, 11, 255, 255, 255, 255, 255, 255, 255}};
  const int32_t *weights = taps->weights + x * taps->stride;
  const uint8_t *pixel = source + 3 * taps->first[x];
  int32x4_t sums = vdupq_n_s32(HALF_WEIGHT);
  // Taps after the last have weight zero.
  for (int64_t k = 0; k < taps->count[x]; k += 4) {
    const uint8x16_t bytes = vld1q_u8(pixel + 3 * k);
    for (int i = 0; i < 4; i++) {
      const uint8x16_t one = vqtbl1q_u8(bytes, vld1q_u8(spread[i]));
      sums = vmlaq_n_s32(sums, vreinterpretq_s32_u8(one), weights[k + i]);
    }
  }
  return sums;
}

static void resize_row(const uint8_t *source, const filter_taps *taps, uint8_t *target,
                       ptrdiff_t plane) {
  const int64_t width = taps->axis.length;
  for (int64_t x = 0; x < width; x += 4) {
    int32x4_t sums[4];
    for (int64_t i = 0; i < 4; i++) {
      sums[i] = pixel_sums(source, taps, x + i < width ? x + i : width - 1);
    }
    uint8_t bytes[16];
    vst1q_u8(bytes, rounded(sums));
    for (int64_t i = 0; i < 4 && x + i < width; i++) {
      for (int channel = 0; channel < 3; channel++) {
        target[x + i + channel * plane] = bytes[4 * i + channel];
      }
    }
  }
}

void ci_rows_neon(const uint8_t *source, ptrdiff_t stride, const uint8_t *end,
                  const filter_taps *taps, int64_t height, ci_planes result) {
  // Sixteen bytes are read where four pixels are meant, of which three may have no weight.
  const int64_t safe = ci_rows_with_slack(source, stride, end, taps, height, 16);
  for (int64_t y = 0; y < safe; y++) {
    resize_row(source + y * stride, taps, result.bytes + y * result.row, result.plane);
  }
  for (int64_t y = safe; y < height; y++) ci_row_plain(source + y * stride, taps, y, result);
}

static void sixteen_columns(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                            int64_t y, uint8_t *result) {
  const int32_t *weights = taps->weights + y * taps->stride;
  int32x4_t sums[4];
  for (int i = 0; i < 4; i++) sums[i] = vdupq_n_s32(HALF_WEIGHT);
  source += taps->first[y] * stride;
  for (int64_t k = 0; k < taps->count[y]; k++, source += stride) {
    const uint8x16_t bytes = vld1q_u8(source);
    const int16x8_t left = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes)));
    const int16x8_t right = vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(bytes)));
    const int32x4_t wide[4] = {vmovl_s16(vget_low_s16(left)), vmovl_s16(vget_high_s16(left)),
                               vmovl_s16(vget_low_s16(right)), vmovl_s16(vget_high_s16(right))};
    for (int i = 0; i < 4; i++) sums[i] = vmlaq_n_s32(sums[i], wide[i], weights[k]);
  }
  vst1q_u8(result, rounded(sums));
}

void ci_columns_neon(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                     int64_t length, uint8_t *result, ptrdiff_t result_stride) {
  columns_by_sixteen(sixteen_columns, source, stride, taps, length, result, result_stride);
}

#endif
