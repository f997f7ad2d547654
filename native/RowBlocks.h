// How rows are shared out among threads, and summed so that their number does not matter.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ctorch {

// Rows that a thread takes at once, and whose sums are taken together.
inline constexpr int64_t kBlockRows = 32;

inline int64_t row_blocks(int64_t rows) { return (rows + kBlockRows - 1) / kBlockRows; }

// Calls body(block, first, count) for blocks of rows, in parallel.
template <typename Body>
void over_rows(int64_t rows, Body &&body) {
  at::parallel_for(0, row_blocks(rows), 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * kBlockRows;
      body(block, first, std::min(kBlockRows, rows - first));
    }
  });
}

// Sums of each block of rows, added up in the blocks' order at the end.
class BlockSums {
 public:
  BlockSums(int64_t rows, int64_t width, bool isNeeded)
      : width_(width),
        blocks_(row_blocks(rows)),
        sums_(isNeeded ? static_cast<size_t>(blocks_ * width) : 0) {}

  float *of(int64_t block) { return sums_.empty() ? nullptr : sums_.data() + block * width_; }

  void add_to(float *total) const {
    if (sums_.empty()) return;
    for (int64_t block = 0; block < blocks_; ++block) {
      const float *own = sums_.data() + block * width_;
      for (int64_t i = 0; i < width_; ++i) total[i] += own[i];
    }
  }

 private:
  int64_t width_, blocks_;
  std::vector<float> sums_;
};

}  // namespace ctorch
