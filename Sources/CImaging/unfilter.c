// The filters of PNG, chapter 9 of its specification: what is added to each byte is predicted from
// the bytes of the pixels left (a), above (b), and above left (c).
//
// Sub, Average and Paeth go from pixel to pixel. The channels of a pixel are computed together, as
// lanes of a vector, which compilers know on every processor.

#include <string.h>

#include "internal.h"

typedef int16_t lanes __attribute__((vector_size(16)));
typedef uint8_t narrow_lanes __attribute__((vector_size(8)));

/// The pixel's bytes in the first lanes; up to three bytes after it are read too.
static inline lanes load(const uint8_t *pixel) {
  narrow_lanes bytes = {0};
  memcpy(&bytes, pixel, 4);
  return __builtin_convertvector(bytes, lanes);
}

/// Writes the lowest byte of each lane.
static inline void store(uint8_t *pixel, lanes values, size_t size) {
  const narrow_lanes bytes = __builtin_convertvector(values, narrow_lanes);
  memcpy(pixel, &bytes, size);
}

static inline lanes choose(lanes condition, lanes yes, lanes no) {
  return (condition & yes) | (~condition & no);
}

static inline lanes absolute(lanes values) { return choose(values < 0, -values, values); }

/// Of a, b and c the nearest to a + b - c; of equally near ones the first.
static inline lanes paeth(lanes a, lanes b, lanes c) {
  const lanes to_a = absolute(b - c), to_b = absolute(a - c), to_c = absolute((b - c) + (a - c));
  const lanes b_or_c = choose(to_b > to_c, c, b);
  return choose((to_a > to_b) | (to_a > to_c), b_or_c, a);
}

static inline void unfilter_sub(uint8_t *row, size_t count, size_t size) {
  lanes a = {0};
  for (size_t i = 0; i < count; i += size) {
    a = load(row + i) + a;
    store(row + i, a, size);
  }
}

static inline void unfilter_average(uint8_t *row, const uint8_t *above, size_t count,
                                    size_t size) {
  lanes a = {0};
  for (size_t i = 0; i < count; i += size) {
    a = (load(row + i) + ((a + load(above + i)) >> 1)) & 0xFF;
    store(row + i, a, size);
  }
}

static inline void unfilter_paeth(uint8_t *row, const uint8_t *above, size_t count, size_t size) {
  lanes a = {0}, c = {0};
  for (size_t i = 0; i < count; i += size) {
    const lanes b = load(above + i);
    a = (load(row + i) + paeth(a, b, c)) & 0xFF;
    c = b;
    store(row + i, a, size);
  }
}

/// Inlined for each size, so that the size is a constant.
static inline int unfilter(int filter, uint8_t *row, const uint8_t *above, size_t count,
                           size_t size) {
  switch (filter) {
    case 0: return 1;
    case 1: unfilter_sub(row, count, size); return 1;
    case 2:
      for (size_t i = 0; i < count; i++) row[i] = (uint8_t)(row[i] + above[i]);
      return 1;
    case 3: unfilter_average(row, above, count, size); return 1;
    case 4: unfilter_paeth(row, above, count, size); return 1;
    default: return 0;
  }
}

int ci_unfilter(int filter, uint8_t *row, const uint8_t *above, size_t count, size_t size) {
  switch (size) {
    case 1: return unfilter(filter, row, above, count, 1);
    case 2: return unfilter(filter, row, above, count, 2);
    case 3: return unfilter(filter, row, above, count, 3);
    default: return unfilter(filter, row, above, count, 4);
  }
}
