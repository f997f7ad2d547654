// Memory that is kept.
#pragma once

#include <cstdint>

namespace ctorch {

// Memory that grows and is kept, aligned to a cache line.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer();

  // At least `count` floats, with whatever is in them.
  float *floats(int64_t count);

 private:
  float *data_ = nullptr;
  int64_t count_ = 0;
};

}  // namespace ctorch
