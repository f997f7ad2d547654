// Pillow's 8-bit bicubic resampling, number for number: two passes with 8 bits between them; a pass
// is skipped where it changes nothing. Sums are integers, so any order of adding gives the same.
//
// Which pass comes first shows in the last bit. It is the horizontal one, but since Pillow 13 the
// vertical one where the height shrinks by more than twice the pixels that the width shrinks by.

#include "internal.h"
#include "kernels.h"

typedef struct {
  ci_row_pass *rows;
  ci_column_pass *columns;
} kernel;

int ci_supports(ci_instructions instructions) {
  switch (instructions) {
    case CI_BEST:
    case CI_PLAIN: return 1;
#if defined(__SSE2__)
    case CI_SSE2: return 1;
    case CI_AVX2: return __builtin_cpu_supports("avx2") != 0;
#endif
#if defined(__aarch64__)
    case CI_NEON: return 1;
#endif
    default: return 0;
  }
}

static kernel kernel_of(ci_instructions instructions) {
  if (instructions == CI_BEST) {
    instructions = ci_supports(CI_AVX2)   ? CI_AVX2
                   : ci_supports(CI_SSE2) ? CI_SSE2
                   : ci_supports(CI_NEON) ? CI_NEON
                                          : CI_PLAIN;
  }
  switch (ci_supports(instructions) ? instructions : CI_PLAIN) {
#if defined(__SSE2__)
    case CI_SSE2: return (kernel){ci_rows_sse2, ci_columns_sse2};
    case CI_AVX2: return (kernel){ci_rows_avx2, ci_columns_avx2};
#endif
#if defined(__aarch64__)
    case CI_NEON: return (kernel){ci_rows_neon, ci_columns_neon};
#endif
    default: return (kernel){ci_rows_plain, ci_columns_plain};
  }
}

static ci_axis horizontal_axis(const ci_resizing *resizing) {
  return (ci_axis){resizing->width,     resizing->box[0],   resizing->box[2],
                   resizing->new_width, resizing->window.x, resizing->window.width};
}

static ci_axis vertical_axis(const ci_resizing *resizing) {
  return (ci_axis){resizing->height,     resizing->box[1],   resizing->box[3],
                   resizing->new_height, resizing->window.y, resizing->window.height};
}

ci_rectangle ci_resizing_source(const ci_resizing *resizing) {
  const ci_axis horizontal = horizontal_axis(resizing), vertical = vertical_axis(resizing);
  ci_rectangle source;
  ci_tap_range(&horizontal, &source.x, &source.width);
  ci_tap_range(&vertical, &source.y, &source.height);
  return source;
}

static void split_rows(const uint8_t *pixels, ptrdiff_t stride, int64_t width, int64_t height,
                       ci_planes result) {
  for (int64_t y = 0; y < height; y++) {
    const uint8_t *restrict row = pixels + y * stride;
    for (int channel = 0; channel < 3; channel++) {
      uint8_t *restrict target = result.bytes + y * result.row + channel * result.plane;
      for (int64_t x = 0; x < width; x++) target[x] = row[3 * x + channel];
    }
  }
}

ci_status ci_resize(ci_workspace *workspace, const ci_resizing *resizing, const uint8_t *pixels,
                    ptrdiff_t stride, ci_rectangle held, ci_planes result,
                    ci_instructions instructions) {
  const ci_axis horizontal = horizontal_axis(resizing), vertical = vertical_axis(resizing);
  const ci_rectangle source = ci_resizing_source(resizing);
  if (source.x < held.x || source.y < held.y ||
      source.x + source.width > held.x + held.width ||
      source.y + source.height > held.y + held.height) {
    return CI_BAD_DATA;
  }
  const uint8_t *end = pixels + (held.height - 1) * stride + 3 * held.width;
  pixels += (source.y - held.y) * stride + 3 * (source.x - held.x);

  const filter_taps *columns = &workspace->horizontal, *rows = &workspace->vertical;
  const int is_wider = ci_resizes(&horizontal), is_higher = ci_resizes(&vertical);
  if ((is_wider && !ci_make_taps(&workspace->horizontal, &horizontal)) ||
      (is_higher && !ci_make_taps(&workspace->vertical, &vertical))) {
    return CI_OUT_OF_MEMORY;
  }
  const kernel kernel = kernel_of(instructions);
  const int64_t width = resizing->window.width, height = resizing->window.height;
  const int64_t shrinks = resizing->height - resizing->new_height;
  const int vertical_first =
      is_higher && (!is_wider || (shrinks > 0 &&
                                  shrinks > 2 * (resizing->width - resizing->new_width)));
  if (!is_higher) {
    if (is_wider) {
      kernel.rows(pixels, stride, end, columns, height, result);
    } else {
      split_rows(pixels, stride, width, height, result);
    }
  } else if (vertical_first) {
    const int64_t line = 3 * source.width;
    uint8_t *between = ci_reserve(&workspace->between, (size_t)(line * height));
    if (between == NULL) return CI_OUT_OF_MEMORY;
    kernel.columns(pixels, stride, rows, line, between, line);
    if (is_wider) {
      kernel.rows(between, line, between + line * height, columns, height, result);
    } else {
      split_rows(between, line, width, height, result);
    }
  } else {
    // Rows of one plane after the other, so that the second pass writes planes.
    const ci_planes between = {
        ci_reserve(&workspace->between, (size_t)(3 * width * source.height)), width, 3 * width};
    if (between.bytes == NULL) return CI_OUT_OF_MEMORY;
    kernel.rows(pixels, stride, end, columns, source.height, between);
    for (int channel = 0; channel < 3; channel++) {
      kernel.columns(between.bytes + channel * between.plane, between.row, rows, width,
                     result.bytes + channel * result.plane, result.row);
    }
  }
  return CI_OK;
}
