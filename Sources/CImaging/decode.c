#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

ci_status ci_fail(char *message, ci_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, CI_MESSAGE_SIZE, format, arguments);
  va_end(arguments);
  return status;
}

ci_status ci_allocate(ci_image *image, uint64_t width, uint64_t height, char *message) {
  if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX) {
    return ci_fail(message, CI_BAD_DATA, "an image of %" PRIu64 " x %" PRIu64 " pixels", width,
                   height);
  }
  if (width * height > CI_PIXEL_LIMIT) {
    return ci_fail(message, CI_TOO_LARGE,
                   "%" PRIu64 " x %" PRIu64 " pixels are more than the limit of %d", width, height,
                   CI_PIXEL_LIMIT);
  }
  image->pixels = malloc((size_t)(3 * width * height));
  if (image->pixels == NULL) {
    return ci_fail(message, CI_OUT_OF_MEMORY, "no memory for %" PRIu64 " x %" PRIu64 " pixels",
                   width, height);
  }
  image->width = (int32_t)width;
  image->height = (int32_t)height;
  return CI_OK;
}

static int starts_with(const uint8_t *bytes, size_t count, const char *magic, size_t length) {
  return count >= length && memcmp(bytes, magic, length) == 0;
}

ci_status ci_decode(const uint8_t *bytes, size_t count, ci_image *image, char *message) {
  *image = (ci_image){0, 0, NULL};
  message[0] = 0;
  ci_status status;
  if (count == 0) {
    status = ci_fail(message, CI_BAD_DATA, "the file is empty");
  } else if (starts_with(bytes, count, "\xFF\xD8\xFF", 3)) {
    status = ci_decode_jpeg(bytes, count, image, message);
  } else if (starts_with(bytes, count, "\x89PNG\r\n\x1A\n", 8)) {
    status = ci_decode_png(bytes, count, image, message);
  } else if (starts_with(bytes, count, "RIFF", 4) && count >= 16 &&
             memcmp(bytes + 8, "WEBPVP8", 7) == 0) {
    status = ci_decode_webp(bytes, count, image, message);
  } else {
    const char *name = starts_with(bytes, count, "GIF8", 4)        ? "it is a GIF"
                       : starts_with(bytes, count, "BM", 2)        ? "it looks like a BMP"
                       : starts_with(bytes, count, "II*\0", 4)     ? "it is a TIFF"
                       : starts_with(bytes, count, "MM\0*", 4)     ? "it is a TIFF"
                       : starts_with(bytes, count, "version ", 8)  ? "it is a Git LFS pointer"
                       : starts_with(bytes, count, "<", 1)         ? "it looks like a web page"
                                                                   : "its first bytes are of none";
    status = ci_fail(message, CI_UNKNOWN_FORMAT, "not a JPEG, PNG or WebP image (%s)", name);
  }
  if (status != CI_OK) {
    free(image->pixels);
    *image = (ci_image){0, 0, NULL};
  }
  return status;
}

void ci_free(void *memory) { free(memory); }
