// PNG through libpng, without gamma or colour management, with the values that Pillow's
// convert("RGB") gives: alpha and transparency are dropped, 16-bit colour keeps its high byte, but
// 16-bit grey is clipped at 255, because Pillow takes it for a mode of whole numbers.
//
// Files of the common kinds go through `decode_png_plain.c`, which is faster; what it does not take,
// damaged files above all, comes here.
//
// What follows the pixel data is not read, so a file may lack its end, as in Pillow. libpng checks
// the data's checksums, which Pillow does not: a file that fails them is damaged.

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

typedef struct {
  const uint8_t *next;
  size_t left;
  char *message;
  ci_status status;
} png_source;

static void handle_error(png_structp png, png_const_charp text) {
  png_source *source = png_get_error_ptr(png);
  source->status = ci_fail(source->message, CI_BAD_DATA, "a damaged PNG (%s)", text);
  longjmp(*png_set_longjmp_fn(png, longjmp, sizeof(jmp_buf)), 1);
}

static void ignore_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  png_source *source = png_get_io_ptr(png);
  if (count > source->left) {
    source->status = ci_fail(source->message, CI_BAD_DATA, "a truncated PNG");
    longjmp(*png_set_longjmp_fn(png, longjmp, sizeof(jmp_buf)), 1);
  }
  memcpy(target, source->next, count);
  source->next += count;
  source->left -= count;
}

/// Widens 16-bit grey, kept as two bytes in file order, to RGB; values above 255 become 255.
static void convert_wide_grey(const uint8_t *grey, size_t count, uint8_t *rgb) {
  for (size_t i = 0; i < count; i++) {
    uint8_t value = grey[2 * i] ? 255 : grey[2 * i + 1];
    rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = value;
  }
}

/// Reads the image; `rows` and `grey` are the caller's to free, whatever happens.
static ci_status read_image(png_structp png, png_infop info, const ci_workspace *workspace,
                            uint8_t *pixels, png_bytepp *rows, uint8_t **grey, char *message) {
  png_read_info(png, info);
  int type = png_get_color_type(png, info);
  int depth = png_get_bit_depth(png, info);
  int wide_grey = type == PNG_COLOR_TYPE_GRAY && depth == 16;
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (depth == 16 && !wide_grey) png_set_strip_16(png);
  if (!(type & PNG_COLOR_MASK_COLOR) && !wide_grey) png_set_gray_to_rgb(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);

  size_t width = (size_t)workspace->width;
  size_t height = (size_t)workspace->height;
  size_t row_size = (wide_grey ? 2 : 3) * width;
  if (png_get_rowbytes(png, info) != row_size || png_get_image_height(png, info) != height) {
    return ci_fail(message, CI_BAD_DATA, "a PNG of colour type %d and %d bits", type, depth);
  }
  *rows = malloc(height * sizeof(png_bytep));
  if (wide_grey) *grey = malloc(row_size * height);
  if (*rows == NULL || (wide_grey && *grey == NULL)) {
    return ci_fail(message, CI_OUT_OF_MEMORY, "no memory for the rows of a PNG");
  }
  uint8_t *target = wide_grey ? *grey : pixels;
  for (size_t y = 0; y < height; y++) (*rows)[y] = target + row_size * y;
  png_read_image(png, *rows);
  if (wide_grey) convert_wide_grey(*grey, width * height, pixels);
  return CI_OK;
}

static uint32_t read_32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

ci_status ci_open_png(ci_workspace *workspace, char *message) {
  // Signature 8, then the length and the name of the first chunk, width and height.
  const uint8_t *bytes = workspace->bytes;
  if (workspace->count < 24) return ci_fail(message, CI_BAD_DATA, "a truncated PNG");
  if (memcmp(bytes + 12, "IHDR", 4) != 0) {
    return ci_fail(message, CI_BAD_DATA, "a damaged PNG (no header)");
  }
  workspace->format = CI_PNG_FILE;
  workspace->width = read_32(bytes + 16);
  workspace->height = read_32(bytes + 20);
  return CI_OK;
}

ci_status ci_read_whole_png(ci_workspace *workspace, uint8_t *pixels, char *message) {
  png_source source = {workspace->bytes, workspace->count, message, CI_OK};
  png_structp png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, handle_error, ignore_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (info == NULL) {
    png_destroy_read_struct(&png, NULL, NULL);
    return ci_fail(message, CI_OUT_OF_MEMORY, "no memory for a PNG");
  }
  png_bytepp volatile rows = NULL;
  uint8_t *volatile grey = NULL;
  ci_status status;
  if (setjmp(png_jmpbuf(png)) == 0) {
    png_set_read_fn(png, &source, read_bytes);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // Only the chunks that matter to the pixels are read.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    status = read_image(png, info, workspace, pixels, (png_bytepp *)&rows, (uint8_t **)&grey,
                        message);
  } else {
    status = source.status;
  }
  png_destroy_read_struct(&png, &info, NULL);
  free(rows);
  free(grey);
  return status;
}
