#pragma once

// Reading, resampling and writing of 8-bit RGB images, with the pixels of Pillow.
//
// No function aborts or jumps out: what goes wrong is a status and a one-line message. There is no
// state but that of a workspace, so that functions are thread-safe where each thread has its own; and
// libdeflate, which is looked for once.
// Pixels are interleaved, planes are not.

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

/// Where red, green and blue go: to `bytes`, each `plane` bytes and each row `row` bytes further.
typedef struct {
  uint8_t *bytes;
  ptrdiff_t plane;
  ptrdiff_t row;
} ci_planes;

/// The memory that calls share one after the other, and the file that is open.
typedef struct ci_workspace ci_workspace;

/// An empty workspace, or NULL without memory.
ci_workspace *ci_workspace_create(void);

void ci_workspace_free(ci_workspace *workspace);

/// Reads the header of a JPEG, PNG or WebP file, told by its first bytes, and says its size.
///
/// The bytes must stay until the last `ci_read`. A file that was open before is closed.
ci_status ci_open(ci_workspace *workspace, const uint8_t *bytes, size_t count, int64_t *width,
                  int64_t *height, char message[CI_MESSAGE_SIZE]);

/// How the work is done; the bytes are the same with all of them.
typedef enum {
  /// The fastest that the processor has, and of a file no more than is needed.
  CI_BEST = 0,
  /// Portable C, and whole files through the libraries of their formats.
  CI_PLAIN = 1,
  CI_SSE2 = 2,
  CI_AVX2 = 3,
  CI_NEON = 4,
} ci_instructions;

/// Whether this processor has them.
int ci_supports(ci_instructions instructions);

/// Decodes a part of the file that was opened last, once, as Pillow's `convert("RGB")` does.
///
/// `pixels` receives the `3 * part.width * part.height` bytes of `part`, which must lie inside.
/// Of the instructions CI_PLAIN differs from others, and CI_BEST in PNG files: it inflates through
/// libdeflate, where the system has that.
ci_status ci_read(ci_workspace *workspace, ci_rectangle part, uint8_t *pixels,
                  ci_instructions instructions, char message[CI_MESSAGE_SIZE]);

/// Whether the system has libdeflate.
int ci_has_libdeflate(void);

/// Writes a JPEG of quality 1 to 100; chroma is kept whole, or halved in one or both directions.
ci_status ci_encode_jpeg(const uint8_t *pixels, int32_t width, int32_t height, int quality,
                         int halve_horizontally, int halve_vertically, ci_bytes *file,
                         char message[CI_MESSAGE_SIZE]);

/// Writes an 8-bit RGB PNG.
ci_status ci_encode_png(const uint8_t *pixels, int32_t width, int32_t height, ci_bytes *file,
                        char message[CI_MESSAGE_SIZE]);

/// A resizing with Pillow's antialiased bicubic filter, of which only a window is computed.
///
/// Of an image of `width` x `height` pixels, `box` (left, top, right, bottom) becomes
/// `new_width` x `new_height` pixels, and of these `window`, which must lie inside, is the result.
typedef struct {
  int64_t width;
  int64_t height;
  float box[4];
  int64_t new_width;
  int64_t new_height;
  ci_rectangle window;
} ci_resizing;

/// The pixels of the image that the window is a function of.
ci_rectangle ci_resizing_source(const ci_resizing *resizing);

/// Resizes; `pixels` are those of the rectangle `held` of the image, which must contain
/// `ci_resizing_source`, in rows that start `stride` bytes apart.
ci_status ci_resize(ci_workspace *workspace, const ci_resizing *resizing, const uint8_t *pixels,
                    ptrdiff_t stride, ci_rectangle held, ci_planes result,
                    ci_instructions instructions);

/// Mirrors each row.
void ci_flip_horizontally(const uint8_t *pixels, size_t width, size_t height, uint8_t *result);

/// Mirrors each row of bytes in place.
void ci_flip_rows(uint8_t *bytes, size_t width, size_t height);

/// Separates interleaved RGB into three planes of `count` bytes.
void ci_split_planes(const uint8_t *pixels, size_t count, uint8_t *planes);

/// The reverse of `ci_split_planes`.
void ci_join_planes(const uint8_t *planes, size_t count, uint8_t *pixels);

void ci_free(void *memory);
