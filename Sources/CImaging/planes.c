#include "CImaging.h"

void ci_flip_horizontally(const uint8_t *pixels, size_t width, size_t height, uint8_t *result) {
  for (size_t y = 0; y < height; y++) {
    const uint8_t *row = pixels + 3 * width * y;
    uint8_t *target = result + 3 * width * (y + 1);
    for (size_t x = 0; x < width; x++) {
      target -= 3;
      target[0] = row[3 * x];
      target[1] = row[3 * x + 1];
      target[2] = row[3 * x + 2];
    }
  }
}

void ci_flip_rows(uint8_t *bytes, size_t width, size_t height) {
  for (size_t y = 0; y < height; y++, bytes += width) {
    for (size_t left = 0, right = width; left + 1 < right; left++) {
      right--;
      const uint8_t byte = bytes[left];
      bytes[left] = bytes[right];
      bytes[right] = byte;
    }
  }
}

void ci_split_planes(const uint8_t *restrict pixels, size_t count, uint8_t *restrict planes) {
  for (size_t i = 0; i < count; i++) {
    planes[i] = pixels[3 * i];
    planes[count + i] = pixels[3 * i + 1];
    planes[2 * count + i] = pixels[3 * i + 2];
  }
}

void ci_join_planes(const uint8_t *restrict planes, size_t count, uint8_t *restrict pixels) {
  for (size_t i = 0; i < count; i++) {
    pixels[3 * i] = planes[i];
    pixels[3 * i + 1] = planes[count + i];
    pixels[3 * i + 2] = planes[2 * count + i];
  }
}
