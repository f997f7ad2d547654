// The passes of resizing with SSE2, which every x86-64 has.
//
// SSE2 multiplies 16-bit integers in pairs and adds each pair to 32 bits. A weight has 23 bits, so
// it is split into a high and a low part; both sums are exact, and so is their combination.

#include "kernels.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#include <string.h>

static inline __m128i load_4(const void *bytes) {
  int32_t value;
  memcpy(&value, bytes, 4);
  return _mm_cvtsi32_si128(value);
}

/// Two neighbouring 16-bit weights in all lanes.
static inline __m128i load_pair(const int16_t *weights) {
  return _mm_shuffle_epi32(load_4(weights), 0);
}

static inline void add_products(__m128i *sums, __m128i bytes, __m128i weights) {
  *sums = _mm_add_epi32(*sums, _mm_madd_epi16(bytes, weights));
}

/// Four sums, divided by the weight of 1 and rounded.
static inline __m128i combine(__m128i high, __m128i low) {
  __m128i sums = _mm_add_epi32(_mm_slli_epi32(high, LOW_BITS), low);
  return _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(HALF_WEIGHT)), WEIGHT_BITS);
}

/// One row, which reads up to four bytes after the last pixel.
static void resize_row(const uint8_t *source, const filter_taps *taps, uint8_t *target,
                       ptrdiff_t plane) {
  const __m128i zero = _mm_setzero_si128();
  for (int64_t x = 0; x < taps->axis.length; x++) {
    const uint8_t *pixel = source + 3 * taps->first[x];
    const int16_t *high_weights = taps->high + x * taps->stride;
    const int16_t *low_weights = taps->low + x * taps->stride;
    __m128i high = zero, low = zero;
    // An odd tap has one of weight zero beside it.
    for (int64_t k = 0; k < taps->count[x]; k += 2) {
      __m128i bytes = _mm_unpacklo_epi8(load_4(pixel + 3 * k), load_4(pixel + 3 * k + 3));
      bytes = _mm_unpacklo_epi8(bytes, zero);
      add_products(&high, bytes, load_pair(high_weights + k));
      add_products(&low, bytes, load_pair(low_weights + k));
    }
    __m128i words = _mm_packs_epi32(combine(high, low), zero);
    const uint32_t bytes = (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(words, zero));
    target[x] = (uint8_t)bytes;
    target[x + plane] = (uint8_t)(bytes >> 8);
    target[x + 2 * plane] = (uint8_t)(bytes >> 16);
  }
}

void ci_rows_sse2(const uint8_t *source, ptrdiff_t stride, const uint8_t *end,
                  const filter_taps *taps, int64_t height, ci_planes result) {
  const int64_t safe = ci_rows_with_slack(source, stride, end, taps, height, 4);
  for (int64_t y = 0; y < safe; y++) {
    resize_row(source + y * stride, taps, result.bytes + y * result.row, result.plane);
  }
  for (int64_t y = safe; y < height; y++) ci_row_plain(source + y * stride, taps, y, result);
}

/// Sixteen bytes of one row of the vertical pass.
static void sixteen_columns(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                            int64_t y, uint8_t *result) {
  const __m128i zero = _mm_setzero_si128();
  const int16_t *high_weights = taps->high + y * taps->stride;
  const int16_t *low_weights = taps->low + y * taps->stride;
  const int64_t count = taps->count[y];
  __m128i high[4] = {zero, zero, zero, zero};
  __m128i low[4] = {zero, zero, zero, zero};
  source += taps->first[y] * stride;
  for (int64_t k = 0; k < count; k += 2) {
    const uint8_t *row = source + k * stride;
    __m128i upper = _mm_loadu_si128((const __m128i *)row);
    __m128i lower = k + 1 < count ? _mm_loadu_si128((const __m128i *)(row + stride)) : zero;
    const __m128i high_pair = load_pair(high_weights + k), low_pair = load_pair(low_weights + k);
    __m128i left = _mm_unpacklo_epi8(upper, lower), right = _mm_unpackhi_epi8(upper, lower);
    __m128i bytes[4] = {_mm_unpacklo_epi8(left, zero), _mm_unpackhi_epi8(left, zero),
                        _mm_unpacklo_epi8(right, zero), _mm_unpackhi_epi8(right, zero)};
    for (int i = 0; i < 4; i++) {
      add_products(&high[i], bytes[i], high_pair);
      add_products(&low[i], bytes[i], low_pair);
    }
  }
  __m128i left = _mm_packs_epi32(combine(high[0], low[0]), combine(high[1], low[1]));
  __m128i right = _mm_packs_epi32(combine(high[2], low[2]), combine(high[3], low[3]));
  _mm_storeu_si128((__m128i *)result, _mm_packus_epi16(left, right));
}

void ci_columns_sse2(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                     int64_t length, uint8_t *result, ptrdiff_t result_stride) {
  columns_by_sixteen(sixteen_columns, source, stride, taps, length, result, result_stride);
}

#endif
