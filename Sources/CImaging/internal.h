#pragma once

#include "CImaging.h"

// What the decoders share.

/// Writes the message and returns the status.
ci_status ci_fail(char *message, ci_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Gives the image its size and memory, or says that it is too large.
ci_status ci_allocate(ci_image *image, uint64_t width, uint64_t height, char *message);

ci_status ci_decode_jpeg(const uint8_t *bytes, size_t count, ci_image *image, char *message);
ci_status ci_decode_png(const uint8_t *bytes, size_t count, ci_image *image, char *message);
ci_status ci_decode_webp(const uint8_t *bytes, size_t count, ci_image *image, char *message);
