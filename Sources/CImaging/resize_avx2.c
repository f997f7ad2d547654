// The passes of resizing with AVX2, as in `resize_sse2.c` with twice the lanes. Only processors that
// have AVX2 come here.

#include "kernels.h"

#if defined(__SSE2__)
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))

/// Two neighbouring 16-bit weights in all lanes.
AVX2 static inline __m256i load_pair(const int16_t *weights) {
  int32_t value;
  memcpy(&value, weights, 4);
  return _mm256_set1_epi32(value);
}

AVX2 static inline __m256i load_16(const uint8_t *bytes) {
  return _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)bytes));
}

/// Sixteen bytes from each of two places.
AVX2 static inline __m256i load_two(const uint8_t *first, const uint8_t *second) {
  return _mm256_inserti128_si256(load_16(first), _mm_loadu_si128((const __m128i *)second), 1);
}

AVX2 static inline void add_products(__m256i *sums, __m256i bytes, __m256i weights) {
  *sums = _mm256_add_epi32(*sums, _mm256_madd_epi16(bytes, weights));
}

/// Eight sums, divided by the weight of 1 and rounded.
AVX2 static inline __m256i combine(__m256i high, __m256i low) {
  const __m256i sums = _mm256_add_epi32(_mm256_slli_epi32(high, LOW_BITS), low);
  return _mm256_srai_epi32(_mm256_add_epi32(sums, _mm256_set1_epi32(HALF_WEIGHT)), WEIGHT_BITS);
}

/// Pairs of rows that are computed together, so that their weights are loaded once.
enum { PAIRS = 2 };

/// One pixel of each row: of each pair the red, green, blue and nothing of the first row, and of the
/// second, in lanes of 32 bits.
AVX2 static inline void pixel_of_rows(const uint8_t *const *rows, const filter_taps *taps,
                                      int64_t x, __m256i *pixels) {
  // Red of two pixels, then green, then blue, each byte in 16 bits; the same of the next two.
  const __m256i first_two = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  const __m256i next_two = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
  const int16_t *high_weights = taps->high + x * taps->stride;
  const int16_t *low_weights = taps->low + x * taps->stride;
  const int64_t start = 3 * taps->first[x], count = taps->count[x];
  __m256i high[PAIRS], low[PAIRS];
  for (int i = 0; i < PAIRS; i++) high[i] = low[i] = _mm256_setzero_si256();
  // Taps after the last have weight zero.
  for (int64_t k = 0; k < count; k += 4) {
    const __m256i high_left = load_pair(high_weights + k);
    const __m256i high_right = load_pair(high_weights + k + 2);
    const __m256i low_left = load_pair(low_weights + k);
    const __m256i low_right = load_pair(low_weights + k + 2);
    for (int i = 0; i < PAIRS; i++) {
      const __m256i bytes =
          load_two(rows[2 * i] + start + 3 * k, rows[2 * i + 1] + start + 3 * k);
      const __m256i left = _mm256_shuffle_epi8(bytes, first_two);
      const __m256i right = _mm256_shuffle_epi8(bytes, next_two);
      add_products(&high[i], left, high_left);
      add_products(&low[i], left, low_left);
      add_products(&high[i], right, high_right);
      add_products(&low[i], right, low_right);
    }
  }
  for (int i = 0; i < PAIRS; i++) pixels[i] = combine(high[i], low[i]);
}

/// Writes up to four bytes of each plane.
AVX2 static inline void store_planes(__m128i planes, uint8_t *target, ptrdiff_t plane,
                                     int64_t count) {
  const uint32_t values[3] = {(uint32_t)_mm_extract_epi32(planes, 0),
                              (uint32_t)_mm_extract_epi32(planes, 1),
                              (uint32_t)_mm_extract_epi32(planes, 2)};
  for (int channel = 0; channel < 3; channel++, target += plane) {
    if (count >= 4) {
      memcpy(target, &values[channel], 4);
    } else {
      for (int64_t i = 0; i < count; i++) target[i] = (uint8_t)(values[channel] >> 8 * i);
    }
  }
}

AVX2 static void resize_rows(const uint8_t *const *rows, const filter_taps *taps,
                             uint8_t *const *targets, ptrdiff_t plane) {
  const __m256i to_planes = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const int64_t width = taps->axis.length;
  for (int64_t x = 0; x < width; x += 4) {
    __m256i pixels[4][PAIRS];
    for (int64_t i = 0; i < 4; i++) {
      pixel_of_rows(rows, taps, x + i < width ? x + i : width - 1, pixels[i]);
    }
    for (int i = 0; i < PAIRS; i++) {
      const __m256i bytes =
          _mm256_packus_epi16(_mm256_packs_epi32(pixels[0][i], pixels[1][i]),
                              _mm256_packs_epi32(pixels[2][i], pixels[3][i]));
      const __m256i planes = _mm256_shuffle_epi8(bytes, to_planes);
      store_planes(_mm256_castsi256_si128(planes), targets[2 * i] + x, plane, width - x);
      store_planes(_mm256_extracti128_si256(planes, 1), targets[2 * i + 1] + x, plane, width - x);
    }
  }
}

AVX2 void ci_rows_avx2(const uint8_t *source, ptrdiff_t stride, const uint8_t *end,
                       const filter_taps *taps, int64_t height, ci_planes result) {
  // Sixteen bytes are read where four pixels are meant, of which three may have no weight.
  const int64_t safe = ci_rows_with_slack(source, stride, end, taps, height, 16);
  for (int64_t y = 0; y < safe; y += 2 * PAIRS) {
    const uint8_t *rows[2 * PAIRS];
    uint8_t *targets[2 * PAIRS];
    for (int64_t i = 0; i < 2 * PAIRS; i++) {
      // Where rows are too few, the last is computed several times.
      const int64_t row = y + i < safe ? y + i : safe - 1;
      rows[i] = source + row * stride;
      targets[i] = result.bytes + row * result.row;
    }
    resize_rows(rows, taps, targets, result.plane);
  }
  for (int64_t y = safe; y < height; y++) ci_row_plain(source + y * stride, taps, y, result);
}

/// 32 bytes of one row of the vertical pass.
AVX2 static inline void columns_32(const uint8_t *source, ptrdiff_t stride,
                                   const filter_taps *taps, int64_t y, uint8_t *result) {
  const __m256i zero = _mm256_setzero_si256();
  const int16_t *high_weights = taps->high + y * taps->stride;
  const int16_t *low_weights = taps->low + y * taps->stride;
  const int64_t count = taps->count[y];
  __m256i high[4] = {zero, zero, zero, zero};
  __m256i low[4] = {zero, zero, zero, zero};
  source += taps->first[y] * stride;
  for (int64_t k = 0; k < count; k += 2) {
    const uint8_t *row = source + k * stride;
    const __m256i upper = _mm256_loadu_si256((const __m256i *)row);
    const __m256i lower =
        k + 1 < count ? _mm256_loadu_si256((const __m256i *)(row + stride)) : zero;
    const __m256i high_pair = load_pair(high_weights + k), low_pair = load_pair(low_weights + k);
    const __m256i left = _mm256_unpacklo_epi8(upper, lower);
    const __m256i right = _mm256_unpackhi_epi8(upper, lower);
    const __m256i bytes[4] = {_mm256_unpacklo_epi8(left, zero), _mm256_unpackhi_epi8(left, zero),
                              _mm256_unpacklo_epi8(right, zero),
                              _mm256_unpackhi_epi8(right, zero)};
    for (int i = 0; i < 4; i++) {
      add_products(&high[i], bytes[i], high_pair);
      add_products(&low[i], bytes[i], low_pair);
    }
  }
  // Unpacking and packing both stay within halves, so the order of bytes is kept.
  const __m256i left = _mm256_packs_epi32(combine(high[0], low[0]), combine(high[1], low[1]));
  const __m256i right = _mm256_packs_epi32(combine(high[2], low[2]), combine(high[3], low[3]));
  _mm256_storeu_si256((__m256i *)result, _mm256_packus_epi16(left, right));
}

AVX2 void ci_columns_avx2(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                          int64_t length, uint8_t *result, ptrdiff_t result_stride) {
  for (int64_t y = 0; y < taps->axis.length; y++, result += result_stride) {
    int64_t i = 0;
    for (; i + 32 <= length; i += 32) columns_32(source + i, stride, taps, y, result + i);
    ci_column_plain(source, stride, taps, y, i, length, result);
  }
}

#endif
