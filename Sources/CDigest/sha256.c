#include "CDigest.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

// SHA, with SSSE3 and SSE4.1 for what is around it.
static bool has_instructions(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29)) != 0;
}

// Two variables of four words hold the state as the instructions want it: A, B, E, F and C, D, G, H,
// from the highest word down (Intel, "Intel SHA Extensions", 2013).
__attribute__((target("sha,ssse3,sse4.1")))
static void mix(uint32_t state[8], const uint32_t constants[64], const uint8_t *blocks,
                size_t count) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i *place = (__m128i *)state;
  const __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(place), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(place + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
  for (; count > 0; --count, blocks += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i words[4];
    for (int i = 0; i < 4; ++i) {
      words[i] =
          _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(blocks + 16 * i)), big_endian);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      const __m128i now = words[i % 4], next = words[(i + 1) % 4];
      const __m128i third = words[(i + 2) % 4], last = words[(i + 3) % 4];
      const __m128i input =
          _mm_add_epi32(now, _mm_loadu_si128((const __m128i *)(constants + 4 * i)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(input, 0x0e));
      // The words of the rounds 16 later.
      const __m128i sum =
          _mm_add_epi32(_mm_sha256msg1_epu32(now, next), _mm_alignr_epi8(last, third, 4));
      words[i % 4] = _mm_sha256msg2_epu32(sum, last);
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(place, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(place + 1, _mm_alignr_epi8(dchg, feba, 8));
}

bool cdigest_sha256_blocks(uint32_t state[8], const uint32_t constants[64], const uint8_t *blocks,
                           size_t count) {
  // Asked once: a virtual machine answers slowly. Threads that ask at once get the same answer.
  static _Atomic int known = 0;
  if (known == 0) known = has_instructions() ? 1 : 2;
  if (known != 1) return false;
  mix(state, constants, blocks, count);
  return true;
}

#else

bool cdigest_sha256_blocks(uint32_t state[8], const uint32_t constants[64], const uint8_t *blocks,
                           size_t count) {
  (void)state, (void)constants, (void)blocks, (void)count;
  return false;
}

#endif
