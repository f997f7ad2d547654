#pragma once

#include "CImaging.h"
#include "taps.h"

// What the decoders share.

/// Memory that grows to the largest need.
typedef struct {
  uint8_t *bytes;
  size_t size;
} ci_buffer;

/// The buffer's memory, of at least so many bytes whose values are unset; NULL without memory.
uint8_t *ci_reserve(ci_buffer *buffer, size_t size);

typedef enum { CI_NO_FILE, CI_JPEG_FILE, CI_PNG_FILE, CI_WEBP_FILE } ci_format;

struct ci_workspace {
  /// The open file.
  const uint8_t *bytes;
  size_t count;
  ci_format format;
  int64_t width;
  int64_t height;
  /// The decoder of an open JPEG file.
  struct ci_jpeg *jpeg;
  /// Rows on their way through a decoder.
  ci_buffer rows;
  /// What lies between a whole file and a part of it, or between the two passes of resizing; or a
  /// PNG's packed pixels, which its chunks hold piece by piece.
  ci_buffer between;
  /// libdeflate's, once it is needed.
  void *inflater;
  /// The taps that were used last; images of one size often come one after the other.
  filter_taps horizontal;
  filter_taps vertical;
};

/// Writes the message and returns the status.
ci_status ci_fail(char *message, ci_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Opens a file of the format: sets width and height.
ci_status ci_open_jpeg(ci_workspace *workspace, char *message);
ci_status ci_open_png(ci_workspace *workspace, char *message);
ci_status ci_open_webp(ci_workspace *workspace, char *message);

/// Decodes a part of an open file.
ci_status ci_read_jpeg(ci_workspace *workspace, ci_rectangle part, uint8_t *pixels, char *message);
ci_status ci_read_png(ci_workspace *workspace, ci_rectangle part, uint8_t *pixels, char *message);

/// Decodes a whole file, with libpng or libwebp.
ci_status ci_read_whole_png(ci_workspace *workspace, uint8_t *pixels, char *message);
ci_status ci_read_whole_webp(ci_workspace *workspace, uint8_t *pixels, char *message);

/// Decodes a part of a PNG of a common kind; 0 for what is not, or has any fault.
int ci_read_plain_png(ci_workspace *workspace, ci_rectangle part, uint8_t *pixels,
                      ci_instructions instructions);

/// Inflates a zlib stream of exactly `count` bytes to exactly `size` of them; 0 for one with any
/// fault, or without libdeflate.
int ci_inflate_whole(ci_workspace *workspace, const uint8_t *data, size_t count, uint8_t *target,
                     size_t size);

void ci_free_inflater(ci_workspace *workspace);

/// The checksum of PNG chunks, of less than 4 GiB.
uint32_t ci_crc32(const uint8_t *bytes, size_t count);

void ci_close_jpeg(ci_workspace *workspace);

/// How many bytes after a row `ci_unfilter` may read, of rows of any filter and size.
enum { UNFILTER_SLACK = 4 };

/// Undoes a PNG filter on the first `count` bytes of a row, of pixels of `size` bytes; `above` is
/// the row before. 0 for a filter that there is not.
int ci_unfilter(int filter, uint8_t *row, const uint8_t *above, size_t count, size_t size);
