#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

ci_status ci_fail(char *message, ci_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, CI_MESSAGE_SIZE, format, arguments);
  va_end(arguments);
  return status;
}

static ci_status check_size(const ci_workspace *workspace, char *message) {
  const int64_t width = workspace->width, height = workspace->height;
  if (width <= 0 || height <= 0 || width > INT32_MAX || height > INT32_MAX) {
    return ci_fail(message, CI_BAD_DATA, "an image of %" PRId64 " x %" PRId64 " pixels", width,
                   height);
  }
  if (width * height > CI_PIXEL_LIMIT) {
    return ci_fail(message, CI_TOO_LARGE,
                   "%" PRId64 " x %" PRId64 " pixels are more than the limit of %d", width, height,
                   CI_PIXEL_LIMIT);
  }
  return CI_OK;
}

static int starts_with(const uint8_t *bytes, size_t count, const char *magic, size_t length) {
  return count >= length && memcmp(bytes, magic, length) == 0;
}

static ci_status open_any(ci_workspace *workspace, char *message) {
  const uint8_t *bytes = workspace->bytes;
  const size_t count = workspace->count;
  if (count == 0) return ci_fail(message, CI_BAD_DATA, "the file is empty");
  if (starts_with(bytes, count, "\xFF\xD8\xFF", 3)) return ci_open_jpeg(workspace, message);
  if (starts_with(bytes, count, "\x89PNG\r\n\x1A\n", 8)) return ci_open_png(workspace, message);
  if (starts_with(bytes, count, "RIFF", 4) && count >= 16 &&
      memcmp(bytes + 8, "WEBPVP8", 7) == 0) {
    return ci_open_webp(workspace, message);
  }
  const char *name = starts_with(bytes, count, "GIF8", 4)        ? "it is a GIF"
                     : starts_with(bytes, count, "BM", 2)        ? "it looks like a BMP"
                     : starts_with(bytes, count, "II*\0", 4)     ? "it is a TIFF"
                     : starts_with(bytes, count, "MM\0*", 4)     ? "it is a TIFF"
                     : starts_with(bytes, count, "version ", 8)  ? "it is a Git LFS pointer"
                     : starts_with(bytes, count, "<", 1)         ? "it looks like a web page"
                                                                 : "its first bytes are of none";
  return ci_fail(message, CI_UNKNOWN_FORMAT, "not a JPEG, PNG or WebP image (%s)", name);
}

static void close_file(ci_workspace *workspace) {
  ci_close_jpeg(workspace);
  workspace->format = CI_NO_FILE;
}

ci_status ci_open(ci_workspace *workspace, const uint8_t *bytes, size_t count, int64_t *width,
                  int64_t *height, char *message) {
  close_file(workspace);
  message[0] = 0;
  workspace->bytes = bytes;
  workspace->count = count;
  ci_status status = open_any(workspace, message);
  if (status == CI_OK) status = check_size(workspace, message);
  if (status != CI_OK) close_file(workspace);
  *width = workspace->width;
  *height = workspace->height;
  return status;
}

/// Decodes the whole and copies the part.
static ci_status read_through_whole(ci_workspace *workspace, ci_rectangle part, uint8_t *pixels,
                                    char *message) {
  const size_t line = 3 * (size_t)workspace->width;
  const int is_whole = part.width == workspace->width && part.height == workspace->height;
  uint8_t *whole =
      is_whole ? pixels : ci_reserve(&workspace->between, line * (size_t)workspace->height);
  if (whole == NULL) return ci_fail(message, CI_OUT_OF_MEMORY, "no memory for the pixels");
  const ci_rectangle all = {0, 0, workspace->width, workspace->height};
  ci_status status = workspace->format == CI_JPEG_FILE
                         ? ci_read_jpeg(workspace, all, whole, message)
                     : workspace->format == CI_PNG_FILE
                         ? ci_read_whole_png(workspace, whole, message)
                         : ci_read_whole_webp(workspace, whole, message);
  if (status != CI_OK || is_whole) return status;
  const size_t length = 3 * (size_t)part.width;
  for (int64_t y = 0; y < part.height; y++) {
    memcpy(pixels + length * (size_t)y, whole + line * (size_t)(part.y + y) + 3 * part.x, length);
  }
  return CI_OK;
}

ci_status ci_read(ci_workspace *workspace, ci_rectangle part, uint8_t *pixels,
                  ci_instructions instructions, char *message) {
  message[0] = 0;
  if (workspace->format == CI_NO_FILE || part.x < 0 || part.y < 0 || part.width <= 0 ||
      part.height <= 0 || part.x > workspace->width - part.width ||
      part.y > workspace->height - part.height) {
    return ci_fail(message, CI_BAD_DATA, "no such part of an open image");
  }
  ci_status status = CI_OK;
  if (instructions == CI_PLAIN) {
    status = read_through_whole(workspace, part, pixels, message);
  } else if (workspace->format == CI_JPEG_FILE) {
    status = ci_read_jpeg(workspace, part, pixels, message);
  } else if (workspace->format != CI_PNG_FILE ||
             !ci_read_plain_png(workspace, part, pixels, instructions)) {
    status = read_through_whole(workspace, part, pixels, message);
  }
  close_file(workspace);
  return status;
}
