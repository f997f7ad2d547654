#include <stdlib.h>

#include "internal.h"

ci_workspace *ci_workspace_create(void) { return calloc(1, sizeof(ci_workspace)); }

void ci_workspace_free(ci_workspace *workspace) {
  if (workspace == NULL) return;
  ci_close_jpeg(workspace);
  ci_free_inflater(workspace);
  free(workspace->rows.bytes);
  free(workspace->between.bytes);
  ci_free_taps(&workspace->horizontal);
  ci_free_taps(&workspace->vertical);
  free(workspace);
}

/// What is larger is given back, lest one huge image takes memory for long.
enum { KEPT_SIZE = 1 << 26 };

uint8_t *ci_reserve(ci_buffer *buffer, size_t size) {
  if (buffer->size < size || (buffer->size > KEPT_SIZE && size <= KEPT_SIZE)) {
    free(buffer->bytes);
    buffer->bytes = malloc(size);
    buffer->size = buffer->bytes ? size : 0;
  }
  return buffer->bytes;
}

void ci_free(void *memory) { free(memory); }
