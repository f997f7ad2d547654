#pragma once

// Reading, resampling and writing of 8-bit RGB images, with the pixels of Pillow.
//
// Every function is thread-safe, keeps no state, and neither aborts nor jumps out: what goes wrong
// is a status and a one-line message. Pixels are interleaved rows without padding.

#include <stddef.h>
#include <stdint.h>

/// What became of a call.
typedef enum {
  CI_OK = 0,
  /// Neither JPEG nor PNG nor WebP, by the first bytes.
  CI_UNKNOWN_FORMAT = 1,
  /// The bytes end early or are no image of their format.
  CI_BAD_DATA = 2,
  /// More pixels than CI_PIXEL_LIMIT.
  CI_TOO_LARGE = 3,
  CI_OUT_OF_MEMORY = 4,
} ci_status;

/// Pillow's limit against decompression bombs: twice `Image.MAX_IMAGE_PIXELS`.
#define CI_PIXEL_LIMIT 178956970

/// The room for a message, its closing zero included.
#define CI_MESSAGE_SIZE 256

/// An image whose pixels, `3 * width * height` bytes, are freed with `ci_free`.
typedef struct {
  int32_t width;
  int32_t height;
  uint8_t *pixels;
} ci_image;

/// Bytes that are freed with `ci_free`.
typedef struct {
  uint8_t *bytes;
  size_t count;
} ci_bytes;

/// A rectangle of whole pixels.
typedef struct {
  int64_t x;
  int64_t y;
  int64_t width;
  int64_t height;
} ci_rectangle;

/// Decodes a JPEG, PNG or WebP file, told by its first bytes, as Pillow's `convert("RGB")` does.
ci_status ci_decode(const uint8_t *bytes, size_t count, ci_image *image,
                    char message[CI_MESSAGE_SIZE]);

/// Writes a JPEG of quality 1 to 100; chroma is kept whole, or halved in one or both directions.
ci_status ci_encode_jpeg(const uint8_t *pixels, int32_t width, int32_t height, int quality,
                         int halve_horizontally, int halve_vertically, ci_bytes *file,
                         char message[CI_MESSAGE_SIZE]);

/// Writes an 8-bit RGB PNG.
ci_status ci_encode_png(const uint8_t *pixels, int32_t width, int32_t height, ci_bytes *file,
                        char message[CI_MESSAGE_SIZE]);

/// Resizes with Pillow's antialiased bicubic filter, and computes only a window of the result.
///
/// The source has `width` x `height` pixels, its rows start `stride` bytes apart. `box` (left, top,
/// right, bottom, in source pixels) becomes `new_width` x `new_height` pixels, of which `result`
/// receives those of `window`; it must lie inside.
ci_status ci_resize_bicubic(const uint8_t *source, int64_t width, int64_t height, ptrdiff_t stride,
                            const float box[4], int64_t new_width, int64_t new_height,
                            ci_rectangle window, uint8_t *result);

/// Mirrors each row.
void ci_flip_horizontally(const uint8_t *pixels, size_t width, size_t height, uint8_t *result);

/// Separates interleaved RGB into three planes of `count` bytes.
void ci_split_planes(const uint8_t *pixels, size_t count, uint8_t *planes);

void ci_free(void *memory);
