#pragma once

#include "taps.h"

// The two passes of resizing, in several sets of instructions. Sums of integers are the same in any
// order, so all give the same bytes.

/// The horizontal pass: of `height` rows of interleaved pixels, each the source of one row of
/// `taps->axis.length` pixels in planes. Nothing from `end` on is read.
typedef void ci_row_pass(const uint8_t *source, ptrdiff_t stride, const uint8_t *end,
                         const filter_taps *taps, int64_t height, ci_planes result);

/// The vertical pass: of rows of `length` bytes, `taps->axis.length` rows.
typedef void ci_column_pass(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps,
                            int64_t length, uint8_t *result, ptrdiff_t result_stride);

ci_row_pass ci_rows_plain, ci_rows_sse2, ci_rows_avx2, ci_rows_neon;
ci_column_pass ci_columns_plain, ci_columns_sse2, ci_columns_avx2, ci_columns_neon;

/// Parts of the plain passes, for what is left over: a single row, and bytes `start ..< end` of one
/// output row.
void ci_row_plain(const uint8_t *source, const filter_taps *taps, int64_t y, ci_planes result);
void ci_column_plain(const uint8_t *source, ptrdiff_t stride, const filter_taps *taps, int64_t y,
                     int64_t start, int64_t end, uint8_t *result);

/// The number of rows from the first on that may be read `slack` bytes beyond their taps.
int64_t ci_rows_with_slack(const uint8_t *source, ptrdiff_t stride, const uint8_t *end,
                           const filter_taps *taps, int64_t height, int64_t slack);

/// The vertical pass from what does sixteen bytes of one row; inlined, so that no call is left.
static inline void columns_by_sixteen(void sixteen(const uint8_t *source, ptrdiff_t stride,
                                                   const filter_taps *taps, int64_t y,
                                                   uint8_t *result),
                                      const uint8_t *source, ptrdiff_t stride,
                                      const filter_taps *taps, int64_t length, uint8_t *result,
                                      ptrdiff_t result_stride) {
  for (int64_t y = 0; y < taps->axis.length; y++, result += result_stride) {
    int64_t i = 0;
    for (; i + 16 <= length; i += 16) sixteen(source + i, stride, taps, y, result + i);
    ci_column_plain(source, stride, taps, y, i, length, result);
  }
}
