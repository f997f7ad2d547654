// Whole zlib streams through libdeflate, which takes less than half of zlib's time, where the system
// has it. It is looked for when it is first wanted instead of being linked: much is installed with it
// (libtiff, for one), but seldom its headers, and nothing depends on it here.

#include <dlfcn.h>
#include <pthread.h>
#include <zlib.h>

#include "internal.h"

// The functions of libdeflate.h that are used; without one of them zlib stays.
typedef struct {
  void *(*create)(void);
  int (*inflate)(void *, const void *data, size_t count, void *target, size_t size,
                 size_t *data_used, size_t *written);
  void (*free)(void *);
  uint32_t (*crc32)(uint32_t, const void *bytes, size_t count);
} deflate_library;

static deflate_library library;
static int is_found;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_library(void) {
#ifdef __APPLE__
  void *handle = dlopen("libdeflate.0.dylib", RTLD_NOW | RTLD_LOCAL);
#else
  void *handle = dlopen("libdeflate.so.0", RTLD_NOW | RTLD_LOCAL);
#endif
  if (handle == NULL) return;
  library.create = (void *(*)(void))dlsym(handle, "libdeflate_alloc_decompressor");
  library.inflate = (int (*)(void *, const void *, size_t, void *, size_t, size_t *, size_t *))dlsym(
      handle, "libdeflate_zlib_decompress_ex");
  library.free = (void (*)(void *))dlsym(handle, "libdeflate_free_decompressor");
  library.crc32 = (uint32_t (*)(uint32_t, const void *, size_t))dlsym(handle, "libdeflate_crc32");
  is_found = library.create && library.inflate && library.free && library.crc32;
}

int ci_has_libdeflate(void) {
  pthread_once(&once, find_library);
  return is_found;
}

int ci_inflate_whole(ci_workspace *workspace, const uint8_t *data, size_t count, uint8_t *target,
                     size_t size) {
  if (!ci_has_libdeflate()) return 0;
  if (workspace->inflater == NULL) workspace->inflater = library.create();
  if (workspace->inflater == NULL) return 0;
  size_t used, written;
  return library.inflate(workspace->inflater, data, count, target, size, &used, &written) == 0 &&
         used == count && written == size;
}

void ci_free_inflater(ci_workspace *workspace) {
  if (workspace->inflater != NULL) library.free(workspace->inflater);
}

uint32_t ci_crc32(const uint8_t *bytes, size_t count) {
  if (ci_has_libdeflate()) return library.crc32(0, bytes, count);
  return (uint32_t)crc32(0, bytes, (uInt)count);
}
