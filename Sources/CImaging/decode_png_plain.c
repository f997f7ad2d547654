// PNG of the kinds that photographs have: 8 bits, no palette, not interlaced. zlib and our own
// filters take half of libpng's time, and what lies right of the wanted part, or below it, is
// not filtered. Most of what is left is inflating, which libdeflate does in less than half of that;
// it wants all of the packed data and gives all rows at once, so that zlib keeps what is very large.
//
// Only files without a fault are taken: lengths, order, and the checksums of header and pixel data
// are right, and the data has neither too few bytes nor too many. libpng is the judge of all others.

#include <string.h>
#include <zlib.h>

#include "internal.h"

/// Rows are inflated in blocks of about so many bytes: enough for zlib's fast loop, few enough to
/// stay in the cache.
enum { BLOCK_SIZE = 1 << 17 };

/// The most bytes of rows that are inflated at once.
enum { WHOLE_SIZE = 1 << 26 };

typedef struct {
  z_stream zlib;
  /// The file, and where the next chunk begins.
  const uint8_t *bytes;
  size_t count;
  size_t position;
  /// How many bytes a pixel has in the file.
  size_t pixel_size;
} plain_png;

static uint32_t read_32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/// The content of the next chunk, which must have the name and the right checksum; else NULL.
static const uint8_t *next_chunk(plain_png *png, const char *name, size_t *size) {
  // A length, a name, the content, a checksum of name and content.
  if (png->count - png->position < 12) return NULL;
  const uint8_t *chunk = png->bytes + png->position;
  *size = read_32(chunk);
  if (*size > png->count - png->position - 12 || memcmp(chunk + 4, name, 4) != 0) return NULL;
  if (ci_crc32(chunk + 4, *size + 4) != read_32(chunk + 8 + *size)) return NULL;
  png->position += 12 + *size;
  return chunk + 8;
}

/// Skips what comes before the pixels and does not bear on them.
static int skip_to_pixels(plain_png *png) {
  while (png->count - png->position >= 12) {
    const uint8_t *chunk = png->bytes + png->position;
    if (memcmp(chunk + 4, "IDAT", 4) == 0) return 1;
    const size_t size = read_32(chunk);
    // Chunks that one may ignore have a small first letter.
    if (!(chunk[4] & 0x20) || size > png->count - png->position - 12) return 0;
    png->position += 12 + size;
  }
  return 0;
}

static int read_header(plain_png *png) {
  size_t size;
  png->position = 8;
  const uint8_t *header = next_chunk(png, "IHDR", &size);
  if (header == NULL || size != 13) return 0;
  const uint8_t depth = header[8], colour = header[9];
  if (depth != 8 || header[10] != 0 || header[11] != 0 || header[12] != 0) return 0;
  static const uint8_t sizes[] = {[0] = 1, [2] = 3, [4] = 2, [6] = 4};
  if (colour >= sizeof sizes || sizes[colour] == 0) return 0;
  png->pixel_size = sizes[colour];
  return skip_to_pixels(png);
}

/// Inflates exactly so many bytes.
static int inflate_bytes(plain_png *png, uint8_t *target, size_t count) {
  png->zlib.next_out = target;
  png->zlib.avail_out = (uInt)count;
  while (png->zlib.avail_out > 0) {
    if (png->zlib.avail_in == 0) {
      size_t size;
      const uint8_t *data = next_chunk(png, "IDAT", &size);
      if (data == NULL) return 0;
      png->zlib.next_in = (Bytef *)data;
      png->zlib.avail_in = (uInt)size;
    }
    const int status = inflate(&png->zlib, Z_NO_FLUSH);
    if (status != Z_OK && !(status == Z_STREAM_END && png->zlib.avail_out == 0) &&
        !(status == Z_BUF_ERROR && png->zlib.avail_in == 0)) {
      return 0;
    }
  }
  return 1;
}

/// Whether the data ends here, with the right checksum.
static int ends(plain_png *png) {
  for (;;) {
    uint8_t surplus;
    png->zlib.next_out = &surplus;
    png->zlib.avail_out = 1;
    const int status = inflate(&png->zlib, Z_NO_FLUSH);
    if (png->zlib.avail_out == 0) return 0;
    if (status == Z_STREAM_END) return png->zlib.avail_in == 0;
    if ((status != Z_OK && status != Z_BUF_ERROR) || png->zlib.avail_in > 0) return 0;
    size_t size;
    const uint8_t *data = next_chunk(png, "IDAT", &size);
    if (data == NULL) return 0;
    png->zlib.next_in = (Bytef *)data;
    png->zlib.avail_in = (uInt)size;
  }
}

/// Inflates all rows at once.
static int inflate_all(plain_png *png, ci_workspace *workspace, uint8_t *target, size_t count) {
  uint8_t *packed = ci_reserve(&workspace->between, png->count - png->position);
  if (packed == NULL) return 0;
  size_t packed_size = 0, size;
  const uint8_t *data;
  while ((data = next_chunk(png, "IDAT", &size)) != NULL) {
    memcpy(packed + packed_size, data, size);
    packed_size += size;
  }
  return ci_inflate_whole(workspace, packed, packed_size, target, count);
}

/// Writes pixels of 1 to 4 bytes as RGB; alpha is dropped.
static void convert_pixels(const uint8_t *restrict row, size_t size, size_t count,
                           uint8_t *restrict rgb) {
  if (size == 3) {
    memcpy(rgb, row, 3 * count);
    return;
  }
  const size_t green = size == 4 ? 1 : 0, blue = size == 4 ? 2 : 0;
  for (size_t i = 0; i < count; i++) {
    rgb[3 * i] = row[size * i];
    rgb[3 * i + 1] = row[size * i + green];
    rgb[3 * i + 2] = row[size * i + blue];
  }
}

static int read_rows(plain_png *png, ci_workspace *workspace, ci_rectangle part, uint8_t *pixels,
                     int is_whole) {
  const size_t line = 1 + png->pixel_size * (size_t)workspace->width;
  const size_t height = (size_t)workspace->height;
  const size_t top = (size_t)part.y, bottom = (size_t)(part.y + part.height);
  const size_t needed = png->pixel_size * (size_t)(part.x + part.width);
  const size_t rows = is_whole ? height : line < BLOCK_SIZE ? BLOCK_SIZE / line : 1;
  // The row above the block comes first.
  uint8_t *above = ci_reserve(&workspace->rows, line * (rows + 1) + UNFILTER_SLACK);
  if (above == NULL) return 0;
  memset(above, 0, line);
  for (size_t y = 0; y < height; y += rows) {
    const size_t count = height - y < rows ? height - y : rows;
    uint8_t *row = above + line;
    if (!(is_whole ? inflate_all(png, workspace, row, line * count)
                   : inflate_bytes(png, row, line * count))) {
      return 0;
    }
    for (size_t i = 0; i < count; i++, row += line) {
      if (y + i >= bottom) {
        if (row[0] > 4) return 0;
        continue;
      }
      if (!ci_unfilter(row[0], row + 1, row - line + 1, needed, png->pixel_size)) return 0;
      if (y + i < top) continue;
      convert_pixels(row + 1 + png->pixel_size * (size_t)part.x, png->pixel_size,
                     (size_t)part.width, pixels + 3 * (size_t)part.width * (y + i - top));
    }
    memcpy(above, row - line, line);
  }
  return is_whole || ends(png);
}

int ci_read_plain_png(ci_workspace *workspace, ci_rectangle part, uint8_t *pixels,
                      ci_instructions instructions) {
  plain_png png = {.bytes = workspace->bytes, .count = workspace->count};
  if (!read_header(&png)) return 0;
  const size_t line = 1 + png.pixel_size * (size_t)workspace->width;
  if (instructions == CI_BEST && line * (size_t)workspace->height <= WHOLE_SIZE &&
      ci_has_libdeflate()) {
    return read_rows(&png, workspace, part, pixels, 1);
  }
  if (inflateInit(&png.zlib) != Z_OK) return 0;
  const int is_read = read_rows(&png, workspace, part, pixels, 0);
  inflateEnd(&png.zlib);
  return is_read;
}
