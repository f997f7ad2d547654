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

/// How many rows are asked for at once; libjpeg gives as many as it has.
enum { ROWS_AT_ONCE = 16 };

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  ci_status status;
  char *message;
} error_manager;

/// The decoder of one file; tables of one file must not be there for the next.
struct ci_jpeg {
  struct jpeg_decompress_struct codec;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  error_manager errors;
};

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

/// Where the end of the file is known to come, decoding what is below the part can be left out.
static int ends_after_scan(j_decompress_ptr codec) {
  if (codec->unread_marker != 0) return codec->unread_marker == JPEG_EOI;
  const uint8_t *next = codec->src->next_input_byte;
  const uint8_t *end = next + codec->src->bytes_in_buffer;
  // In the data of a scan, 0xFF is followed by a zero, or by the number of a restart.
  while (next < end && (next = memchr(next, 0xFF, (size_t)(end - next))) != NULL) {
    while (next < end && *next == 0xFF) next++;
    if (next == end) return 0;
    if (*next == JPEG_EOI) return 1;
    if (*next != 0 && (*next < JPEG_RST0 || *next > JPEG_RST0 + 7)) return 0;
  }
  return 0;
}

/// Leaves columns and rows out that lie well outside of the part, and says where columns start.
///
/// Upsampling looks at neighbours, so that pixels near an edge of what is decoded may be others
/// than in the whole image: one block more on each side is decoded and dropped.
static int64_t leave_out(j_decompress_ptr codec, ci_rectangle part) {
  const int64_t block_width = 8 * codec->max_h_samp_factor;
  const int64_t block_height = 8 * codec->max_v_samp_factor;
  const int64_t width = codec->output_width;
  const int64_t left = part.x > block_width ? part.x - block_width : 0;
  const int64_t right = part.x + part.width + block_width;
  JDIMENSION start = 0;
  if (left > 0 || right < width) {
    start = (JDIMENSION)left;
    JDIMENSION length = (JDIMENSION)((right < width ? right : width) - left);
    jpeg_crop_scanline(codec, &start, &length);
  }
  if (part.y > 2 * block_height) {
    jpeg_skip_scanlines(codec, (JDIMENSION)(part.y - 2 * block_height));
  }
  return start;
}

static ci_status read_part(ci_workspace *workspace, ci_rectangle part, uint8_t *pixels,
                           char *message) {
  j_decompress_ptr codec = &workspace->jpeg->codec;
  const int channels = codec->num_components;
  if (channels != 1 && channels != 3 && channels != 4) {
    return ci_fail(message, CI_BAD_DATA, "a JPEG of %d colour channels", channels);
  }
  codec->out_color_space = channels == 4 ? JCS_CMYK : JCS_RGB;
  codec->dct_method = JDCT_ISLOW;
  codec->do_fancy_upsampling = TRUE;
  // Where all scans must be read before the first row, nothing can be left out.
  const int is_single_scan = !jpeg_has_multiple_scans(codec) && channels != 4;
  jpeg_start_decompress(codec);
  const int64_t start = is_single_scan ? leave_out(codec, part) : 0;

  const int64_t bottom = part.y + part.height;
  const size_t pixel_size = channels == 4 ? 4 : 3;
  const size_t line = pixel_size * codec->output_width;
  const size_t length = 3 * (size_t)part.width;
  const int is_direct = channels != 4 && part.x == 0 && codec->output_width == part.width;
  uint8_t *rows = ci_reserve(&workspace->rows, line * ROWS_AT_ONCE);
  if (rows == NULL) return ci_fail(message, CI_OUT_OF_MEMORY, "no memory for rows");
  while (codec->output_scanline < codec->output_height) {
    const int64_t y = codec->output_scanline;
    if (y >= bottom && is_single_scan && ends_after_scan(codec)) return CI_OK;
    JSAMPROW targets[ROWS_AT_ONCE];
    int64_t count = (int64_t)codec->output_height - y;
    if (count > ROWS_AT_ONCE) count = ROWS_AT_ONCE;
    for (int64_t i = 0; i < count; i++) {
      const int is_kept = y + i >= part.y && y + i < bottom;
      targets[i] = is_direct && is_kept ? pixels + length * (size_t)(y + i - part.y)
                                        : rows + line * (size_t)i;
    }
    count = jpeg_read_scanlines(codec, targets, (JDIMENSION)count);
    if (is_direct) continue;
    for (int64_t i = 0; i < count; i++) {
      if (y + i < part.y || y + i >= bottom) continue;
      const uint8_t *row = targets[i] + pixel_size * (size_t)(part.x - start);
      uint8_t *target = pixels + length * (size_t)(y + i - part.y);
      if (channels == 4) {
        convert_inverted_cmyk(row, (size_t)part.width, target);
      } else {
        memcpy(target, row, length);
      }
    }
  }
  jpeg_finish_decompress(codec);
  return CI_OK;
}

ci_status ci_open_jpeg(ci_workspace *workspace, char *message) {
  struct ci_jpeg *jpeg = calloc(1, sizeof *jpeg);
  if (jpeg == NULL) return ci_fail(message, CI_OUT_OF_MEMORY, "no memory for a JPEG");
  workspace->jpeg = jpeg;
  jpeg->codec.err = jpeg_std_error(&jpeg->errors.base);
  jpeg->errors.base.error_exit = handle_error;
  jpeg->errors.base.output_message = ignore_message;
  jpeg->errors.message = message;
  jpeg->source = (struct jpeg_source_mgr){
      .next_input_byte = workspace->bytes,
      .bytes_in_buffer = workspace->count,
      .init_source = ignore_source,
      .fill_input_buffer = report_end,
      .skip_input_data = skip_input,
      .resync_to_restart = jpeg_resync_to_restart,
      .term_source = ignore_source,
  };
  jpeg->progress.progress_monitor = limit_scans;
  if (setjmp(jpeg->errors.escape) != 0) return jpeg->errors.status;
  jpeg_create_decompress(&jpeg->codec);
  jpeg->codec.src = &jpeg->source;
  jpeg->codec.progress = &jpeg->progress;
  jpeg_read_header(&jpeg->codec, TRUE);
  workspace->format = CI_JPEG_FILE;
  workspace->width = jpeg->codec.image_width;
  workspace->height = jpeg->codec.image_height;
  return CI_OK;
}

ci_status ci_read_jpeg(ci_workspace *workspace, ci_rectangle part, uint8_t *pixels,
                       char *message) {
  error_manager *errors = &workspace->jpeg->errors;
  errors->message = message;
  if (setjmp(errors->escape) != 0) return errors->status;
  return read_part(workspace, part, pixels, message);
}

void ci_close_jpeg(ci_workspace *workspace) {
  if (workspace->jpeg == NULL) return;
  jpeg_destroy_decompress(&workspace->jpeg->codec);
  free(workspace->jpeg);
  workspace->jpeg = NULL;
}
