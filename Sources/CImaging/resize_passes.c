// The passes of resizing: plain loops, and the same sums with SSE2, which every x86-64 has.
//
// SSE2 multiplies 16-bit integers in pairs and adds each pair to 32 bits. A weight has 23 bits, so
// it is split into a high and a low part; both sums are exact, and so is their combination.

#include <string.h>

#include "resize.h"

static void resize_row(const uint8_t *source, const filter_taps *taps, int64_t width,
                       uint8_t *result) {
  for (int64_t x = 0; x < width; x++) {
    const uint8_t *pixel = source + 3 * taps->first[x];
    const int32_t *weights = taps->weights + x * taps->stride;
    int32_t red = HALF_WEIGHT, green = HALF_WEIGHT, blue = HALF_WEIGHT;
    for (int64_t k = 0; k < taps->count[x]; k++) {
      red += pixel[3 * k] * weights[k];
      green += pixel[3 * k + 1] * weights[k];
      blue += pixel[3 * k + 2] * weights[k];
    }
    result[3 * x] = ci_rounded(red);
    result[3 * x + 1] = ci_rounded(green);
    result[3 * x + 2] = ci_rounded(blue);
  }
}

/// One row of the vertical pass, from byte `start` to `end`.
static void resize_column_bytes(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                                int64_t y, int64_t start, int64_t end, uint8_t *result) {
  const int32_t *weights = taps->weights + y * taps->stride;
  source += taps->first[y] * stride;
  for (int64_t i = start; i < end; i++) {
    int32_t sum = HALF_WEIGHT;
    for (int64_t k = 0; k < taps->count[y]; k++) sum += source[k * stride + i] * weights[k];
    result[i] = ci_rounded(sum);
  }
}

#if defined(__SSE2__)
#include <emmintrin.h>

static inline __m128i load_4(const void *bytes) {
  int32_t value;
  memcpy(&value, bytes, 4);
  return _mm_cvtsi32_si128(value);
}

/// Two neighbouring 16-bit weights in all lanes.
static inline __m128i load_pair(const int16_t *weights) {
  return _mm_shuffle_epi32(load_4(weights), 0);
}

/// One 16-bit weight and a zero in all lanes.
static inline __m128i load_single(const int16_t *weight) {
  return _mm_set1_epi32((uint16_t)*weight);
}

static inline void add_products(__m128i *sums, __m128i bytes, __m128i weights) {
  *sums = _mm_add_epi32(*sums, _mm_madd_epi16(bytes, weights));
}

/// Four sums, divided by the weight of 1 and rounded.
static inline __m128i combine(__m128i high, __m128i low) {
  __m128i sums = _mm_add_epi32(_mm_slli_epi32(high, LOW_BITS), low);
  return _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(HALF_WEIGHT)), WEIGHT_BITS);
}

/// `resize_row`, which here reads one byte past the last pixel.
static void resize_row_past_end(const uint8_t *source, const filter_taps *taps, int64_t width,
                                uint8_t *result) {
  const __m128i zero = _mm_setzero_si128();
  for (int64_t x = 0; x < width; x++) {
    const uint8_t *pixel = source + 3 * taps->first[x];
    const int16_t *high_weights = taps->high + x * taps->stride;
    const int16_t *low_weights = taps->low + x * taps->stride;
    const int64_t count = taps->count[x];
    __m128i high = zero, low = zero;
    int64_t k = 0;
    for (; k + 1 < count; k += 2) {
      __m128i bytes = _mm_unpacklo_epi8(load_4(pixel + 3 * k), load_4(pixel + 3 * k + 3));
      bytes = _mm_unpacklo_epi8(bytes, zero);
      add_products(&high, bytes, load_pair(high_weights + k));
      add_products(&low, bytes, load_pair(low_weights + k));
    }
    if (k < count) {
      __m128i bytes = _mm_unpacklo_epi8(load_4(pixel + 3 * k), zero);
      bytes = _mm_unpacklo_epi8(bytes, zero);
      add_products(&high, bytes, load_single(high_weights + k));
      add_products(&low, bytes, load_single(low_weights + k));
    }
    __m128i words = _mm_packs_epi32(combine(high, low), zero);
    int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, zero));
    memcpy(result + 3 * x, &bytes, 3);
  }
}

/// Sixteen bytes of one row of the vertical pass.
static void resize_sixteen(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                           int64_t y, uint8_t *result) {
  const __m128i zero = _mm_setzero_si128();
  const int16_t *high_weights = taps->high + y * taps->stride;
  const int16_t *low_weights = taps->low + y * taps->stride;
  const int64_t count = taps->count[y];
  __m128i high[4] = {zero, zero, zero, zero};
  __m128i low[4] = {zero, zero, zero, zero};
  source += taps->first[y] * stride;
  for (int64_t k = 0; k < count; k += 2) {
    const int is_pair = k + 1 < count;
    __m128i upper = _mm_loadu_si128((const __m128i *)(source + k * stride));
    __m128i lower =
        is_pair ? _mm_loadu_si128((const __m128i *)(source + (k + 1) * stride)) : zero;
    __m128i high_pair = is_pair ? load_pair(high_weights + k) : load_single(high_weights + k);
    __m128i low_pair = is_pair ? load_pair(low_weights + k) : load_single(low_weights + k);
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

#else

#define resize_row_past_end resize_row

/// Sixteen bytes of one row of the vertical pass, in a loop that compilers vectorise.
static void resize_sixteen(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                           int64_t y, uint8_t *result) {
  const int32_t *weights = taps->weights + y * taps->stride;
  int32_t sums[16];
  for (int i = 0; i < 16; i++) sums[i] = HALF_WEIGHT;
  source += taps->first[y] * stride;
  for (int64_t k = 0; k < taps->count[y]; k++, source += stride) {
    for (int i = 0; i < 16; i++) sums[i] += source[i] * weights[k];
  }
  for (int i = 0; i < 16; i++) result[i] = ci_rounded(sums[i]);
}

#endif

void ci_resize_rows(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                    int64_t width, int64_t height, uint8_t *result) {
  // Past the last row there may be no byte to read.
  for (int64_t y = 0; y < height - 1; y++) {
    resize_row_past_end(source + y * stride, taps, width, result + 3 * width * y);
  }
  resize_row(source + (height - 1) * stride, taps, width, result + 3 * width * (height - 1));
}

void ci_resize_columns(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                       int64_t width, int64_t height, uint8_t *result) {
  const int64_t length = 3 * width;
  for (int64_t y = 0; y < height; y++) {
    int64_t i = 0;
    for (; i + 16 <= length; i += 16) {
      resize_sixteen(source + i, stride, taps, y, result + length * y + i);
    }
    resize_column_bytes(source, stride, taps, y, i, length, result + length * y);
  }
}
