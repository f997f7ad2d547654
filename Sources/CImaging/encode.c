// Writing files, for converted and embedded data sets.

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "internal.h"

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char *message;
} jpeg_errors;

static void handle_jpeg_error(j_common_ptr codec) {
  char text[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, text);
  jpeg_errors *errors = (jpeg_errors *)codec->err;
  ci_fail(errors->message, CI_BAD_DATA, "the JPEG cannot be made (%s)", text);
  longjmp(errors->escape, 1);
}

ci_status ci_encode_jpeg(const uint8_t *pixels, int32_t width, int32_t height, int quality,
                         int halve_horizontally, int halve_vertically, ci_bytes *file,
                         char *message) {
  struct jpeg_compress_struct codec;
  jpeg_errors errors;
  memset(&codec, 0, sizeof codec);
  codec.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = handle_jpeg_error;
  errors.message = message;
  unsigned char *volatile bytes = NULL;
  unsigned long volatile count = 0;
  ci_status status = CI_OK;
  if (setjmp(errors.escape) == 0) {
    jpeg_create_compress(&codec);
    jpeg_mem_dest(&codec, (unsigned char **)&bytes, (unsigned long *)&count);
    codec.image_width = (JDIMENSION)width;
    codec.image_height = (JDIMENSION)height;
    codec.input_components = 3;
    codec.in_color_space = JCS_RGB;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, quality, TRUE);
    codec.dct_method = JDCT_ISLOW;
    codec.comp_info[0].h_samp_factor = halve_horizontally ? 2 : 1;
    codec.comp_info[0].v_samp_factor = halve_vertically ? 2 : 1;
    jpeg_start_compress(&codec, TRUE);
    while (codec.next_scanline < codec.image_height) {
      JSAMPROW row = (JSAMPROW)pixels + 3 * (size_t)width * codec.next_scanline;
      jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
  } else {
    status = CI_BAD_DATA;
  }
  jpeg_destroy_compress(&codec);
  if (status != CI_OK) {
    free(bytes);
    *file = (ci_bytes){NULL, 0};
    return status;
  }
  *file = (ci_bytes){bytes, count};
  return CI_OK;
}

typedef struct {
  ci_bytes file;
  size_t capacity;
  char *message;
} png_sink;

static void handle_png_error(png_structp png, png_const_charp text) {
  png_sink *sink = png_get_error_ptr(png);
  ci_fail(sink->message, CI_BAD_DATA, "the PNG cannot be made (%s)", text);
  longjmp(*png_set_longjmp_fn(png, longjmp, sizeof(jmp_buf)), 1);
}

static void ignore_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void append_bytes(png_structp png, png_bytep bytes, size_t count) {
  png_sink *sink = png_get_io_ptr(png);
  if (sink->capacity - sink->file.count < count) {
    size_t capacity = 2 * (sink->file.count + count);
    uint8_t *larger = realloc(sink->file.bytes, capacity);
    if (larger == NULL) png_error(png, "no memory");
    sink->file.bytes = larger;
    sink->capacity = capacity;
  }
  memcpy(sink->file.bytes + sink->file.count, bytes, count);
  sink->file.count += count;
}

static void ignore_flush(png_structp png) { (void)png; }

ci_status ci_encode_png(const uint8_t *pixels, int32_t width, int32_t height, ci_bytes *file,
                        char *message) {
  png_sink sink = {{NULL, 0}, 0, message};
  *file = (ci_bytes){NULL, 0};
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, handle_png_error, ignore_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (info == NULL) {
    png_destroy_write_struct(&png, NULL);
    return ci_fail(message, CI_OUT_OF_MEMORY, "no memory for a PNG");
  }
  if (setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_write_struct(&png, &info);
    free(sink.file.bytes);
    return CI_BAD_DATA;
  }
  png_set_write_fn(png, &sink, append_bytes, ignore_flush);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (size_t y = 0; y < (size_t)height; y++) {
    png_write_row(png, pixels + 3 * (size_t)width * y);
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  *file = sink.file;
  return CI_OK;
}
