// JPEG through libjpeg-turbo with its exact settings (slow integer DCT, fancy upsampling), which
// are Pillow's. What libjpeg only warns of stays a warning, as in Pillow; a file that ends before
// its end-of-image marker is an error, as in Pillow.

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "internal.h"

/// A progressive file of few bytes can ask for the same pixels over and over; none needs so many.
enum { SCAN_LIMIT = 500 };

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  ci_status status;
  char *message;
} error_manager;

static void escape_with(j_common_ptr codec, ci_status status, const char *text) {
  error_manager *errors = (error_manager *)codec->err;
  errors->status = ci_fail(errors->message, status, "%s", text);
  longjmp(errors->escape, 1);
}

static void handle_error(j_common_ptr codec) {
  char text[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, text);
  char line[JMSG_LENGTH_MAX + 32];
  snprintf(line, sizeof line, "a damaged JPEG (%s)", text);
  ci_status status = strstr(text, "memory") ? CI_OUT_OF_MEMORY : CI_BAD_DATA;
  escape_with(codec, status, line);
}

static void ignore_message(j_common_ptr codec) { (void)codec; }

static void ignore_source(j_decompress_ptr codec) { (void)codec; }

static boolean report_end(j_decompress_ptr codec) {
  escape_with((j_common_ptr)codec, CI_BAD_DATA, "a truncated JPEG");
  return FALSE;
}

static void skip_input(j_decompress_ptr codec, long count) {
  if (count <= 0) return;
  if ((size_t)count > codec->src->bytes_in_buffer) report_end(codec);
  codec->src->next_input_byte += count;
  codec->src->bytes_in_buffer -= (size_t)count;
}

static void limit_scans(j_common_ptr codec) {
  if (((j_decompress_ptr)codec)->input_scan_number > SCAN_LIMIT) {
    escape_with(codec, CI_BAD_DATA, "a JPEG of more than 500 scans");
  }
}

static uint8_t multiply(unsigned a, unsigned b) {
  unsigned t = a * b + 128;
  return (uint8_t)((t + (t >> 8)) >> 8);
}

/// Pillow's CMYK to RGB, for files that store the inverse, as all are taken to do.
static void convert_inverted_cmyk(const uint8_t *cmyk, size_t count, uint8_t *rgb) {
  for (size_t i = 0; i < count; i++) {
    unsigned light = cmyk[4 * i + 3];
    for (size_t c = 0; c < 3; c++) {
      // No clipping: the product is never more than `light`.
      rgb[3 * i + c] = (uint8_t)(light - multiply(255u - cmyk[4 * i + c], light));
    }
  }
}

static ci_status read_rows(j_decompress_ptr codec, ci_image *image, uint8_t **row_buffer,
                           char *message) {
  jpeg_read_header(codec, TRUE);
  ci_status status = ci_allocate(image, codec->image_width, codec->image_height, message);
  if (status != CI_OK) return status;
  int channels = codec->num_components;
  if (channels != 1 && channels != 3 && channels != 4) {
    return ci_fail(message, CI_BAD_DATA, "a JPEG of %d colour channels", channels);
  }
  codec->out_color_space = channels == 4 ? JCS_CMYK : JCS_RGB;
  codec->dct_method = JDCT_ISLOW;
  codec->do_fancy_upsampling = TRUE;
  jpeg_start_decompress(codec);

  size_t width = (size_t)image->width;
  if (channels == 4) {
    *row_buffer = malloc(4 * width);
    if (*row_buffer == NULL) return ci_fail(message, CI_OUT_OF_MEMORY, "no memory for a row");
  }
  while (codec->output_scanline < codec->output_height) {
    uint8_t *target = image->pixels + 3 * width * codec->output_scanline;
    JSAMPROW row = channels == 4 ? *row_buffer : target;
    jpeg_read_scanlines(codec, &row, 1);
    if (channels == 4) convert_inverted_cmyk(*row_buffer, width, target);
  }
  jpeg_finish_decompress(codec);
  return CI_OK;
}

ci_status ci_decode_jpeg(const uint8_t *bytes, size_t count, ci_image *image, char *message) {
  struct jpeg_decompress_struct codec;
  error_manager errors;
  memset(&codec, 0, sizeof codec);
  codec.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = handle_error;
  errors.base.output_message = ignore_message;
  errors.message = message;

  struct jpeg_source_mgr source = {
      .next_input_byte = bytes,
      .bytes_in_buffer = count,
      .init_source = ignore_source,
      .fill_input_buffer = report_end,
      .skip_input_data = skip_input,
      .resync_to_restart = jpeg_resync_to_restart,
      .term_source = ignore_source,
  };
  struct jpeg_progress_mgr progress = {.progress_monitor = limit_scans};
  uint8_t *volatile row_buffer = NULL;
  ci_status status;
  if (setjmp(errors.escape) == 0) {
    jpeg_create_decompress(&codec);
    codec.src = &source;
    codec.progress = &progress;
    status = read_rows(&codec, image, (uint8_t **)&row_buffer, message);
  } else {
    status = errors.status;
  }
  jpeg_destroy_decompress(&codec);
  free(row_buffer);
  return status;
}
