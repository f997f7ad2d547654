// WebP through libwebp. Alpha is dropped, and of an animation the first frame is taken, on black
// where it does not fill the canvas: Pillow's convert("RGB") of a file just opened.

#include <string.h>
#include <webp/decode.h>

#include "internal.h"

static uint32_t read_24(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16;
}

static uint32_t read_32(const uint8_t *bytes) { return read_24(bytes) | (uint32_t)bytes[3] << 24; }

static ci_status describe(VP8StatusCode code, char *message) {
  switch (code) {
    case VP8_STATUS_OK: return CI_OK;
    case VP8_STATUS_OUT_OF_MEMORY:
      return ci_fail(message, CI_OUT_OF_MEMORY, "no memory for a WebP");
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA: return ci_fail(message, CI_BAD_DATA, "a truncated WebP");
    default: return ci_fail(message, CI_BAD_DATA, "a damaged WebP (libwebp status %d)", code);
  }
}

/// Decodes a still picture into a part of the canvas, which is large enough for it.
static ci_status decode_into(const uint8_t *bytes, size_t count, const ci_workspace *workspace,
                             uint8_t *pixels, size_t x, size_t y, char *message) {
  WebPDecoderConfig settings;
  if (!WebPInitDecoderConfig(&settings)) {
    return ci_fail(message, CI_BAD_DATA, "libwebp is of another version than its header");
  }
  size_t stride = 3 * (size_t)workspace->width;
  size_t start = stride * y + 3 * x;
  settings.output.colorspace = MODE_RGB;
  settings.output.is_external_memory = 1;
  settings.output.u.RGBA.rgba = pixels + start;
  settings.output.u.RGBA.stride = (int)stride;
  settings.output.u.RGBA.size = stride * (size_t)workspace->height - start;
  return describe(WebPDecode(bytes, count, &settings), message);
}

static ci_status decode_first_frame(const ci_workspace *workspace, uint8_t *pixels,
                                    char *message) {
  const uint8_t *bytes = workspace->bytes;
  const size_t count = workspace->count;
  const size_t canvas_width = (size_t)workspace->width, canvas_height = (size_t)workspace->height;
  // RIFF header 12, then chunks of an 8-byte header and a body padded to an even length.
  size_t position = 12;
  while (count - position >= 8) {
    size_t size = read_32(bytes + position + 4);
    const uint8_t *body = bytes + position + 8;
    if (size > count - position - 8) break;
    if (memcmp(bytes + position, "ANMF", 4) == 0 && size >= 16) {
      size_t x = 2 * (size_t)read_24(body);
      size_t y = 2 * (size_t)read_24(body + 3);
      size_t width = (size_t)read_24(body + 6) + 1;
      size_t height = (size_t)read_24(body + 9) + 1;
      WebPBitstreamFeatures frame;
      ci_status status = describe(WebPGetFeatures(body + 16, size - 16, &frame), message);
      if (status != CI_OK) return status;
      if ((size_t)frame.width != width || (size_t)frame.height != height ||
          x + width > canvas_width || y + height > canvas_height) {
        return ci_fail(message, CI_BAD_DATA, "a damaged WebP (a frame outside of its canvas)");
      }
      memset(pixels, 0, 3 * canvas_width * canvas_height);
      return decode_into(body + 16, size - 16, workspace, pixels, x, y, message);
    }
    position += 8 + size + (size & 1);
    if (position > count) break;
  }
  return ci_fail(message, CI_BAD_DATA, "a truncated WebP");
}

ci_status ci_open_webp(ci_workspace *workspace, char *message) {
  uint64_t declared = (uint64_t)read_32(workspace->bytes + 4) + 8;
  if (declared > workspace->count) return ci_fail(message, CI_BAD_DATA, "a truncated WebP");
  workspace->count = (size_t)declared;
  WebPBitstreamFeatures features;
  ci_status status =
      describe(WebPGetFeatures(workspace->bytes, workspace->count, &features), message);
  if (status != CI_OK) return status;
  workspace->format = CI_WEBP_FILE;
  workspace->width = features.width;
  workspace->height = features.height;
  return CI_OK;
}

ci_status ci_read_whole_webp(ci_workspace *workspace, uint8_t *pixels, char *message) {
  WebPBitstreamFeatures features;
  ci_status status =
      describe(WebPGetFeatures(workspace->bytes, workspace->count, &features), message);
  if (status != CI_OK) return status;
  if (features.has_animation) return decode_first_frame(workspace, pixels, message);
  return decode_into(workspace->bytes, workspace->count, workspace, pixels, 0, 0, message);
}
