#include "Buffer.h"

#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace ctorch {

Buffer::~Buffer() { std::free(data_); }

float *Buffer::floats(int64_t count) {
  if (count <= count_) return data_;
  std::free(data_);
  count_ = 0;
  // Whole large pages: a kernel touches many places of a packed matrix in turn.
  constexpr size_t kPage = size_t{1} << 21;
  const size_t bytes = static_cast<size_t>(count) * sizeof(float);
  const size_t alignment = bytes >= kPage ? kPage : 64;
  const size_t whole = (bytes + alignment - 1) / alignment * alignment;
  data_ = static_cast<float *>(std::aligned_alloc(alignment, whole));
  if (data_ == nullptr) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
  if (alignment == kPage) madvise(data_, whole, MADV_HUGEPAGE);
#endif
  count_ = static_cast<int64_t>(whole / sizeof(float));
  return data_;
}

}  // namespace ctorch
