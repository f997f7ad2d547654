// How a batch is shared out: in groups of whole sequences, which a thread takes through several passes
// while their rows are in its cache.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

#include "Products.h"

namespace ctorch {

// The kernels for a matrix of so many rows: few do not repay the packing of a weight, and are left to
// libtorch.
inline Multiplier multiplier_for(int64_t rows) {
  constexpr int64_t kLeastRows = 512;
  return rows < kLeastRows ? Multiplier::libtorch : multiplier();
}

// The same for rows that only first tokens go through, by the numbers of all matrices there: where these
// stay in the cache, few rows repay their packing, since a thread then needs no other on its way.
inline Multiplier multiplier_for_first(int64_t rows, int64_t weights) {
  constexpr int64_t kLeastRows = 32;
  return rows >= kLeastRows && stay_in_cache(weights) ? multiplier() : multiplier_for(rows);
}

// The number of groups: of about 128 rows each, whose hidden layer stays in the cache. With our kernels it
// depends on the shape alone, so that sums over rows do not depend on threads, and is a multiple of four, so
// that few threads end together; within a parallel region all groups are one thread's, and none need be
// small.
inline int64_t group_count(Multiplier multiplier, int64_t batch, int64_t length) {
  constexpr int64_t kGroupRows = 128;
  // Libtorch's kernels pack for every product, so that they take as many rows as can be: a group for each
  // thread, which then waits for no other on the way; all rows at once where these would be few, or
  // where threads would not end together.
  if (multiplier == Multiplier::libtorch) {
    constexpr int64_t kLeastRows = 300;
    const int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads();
    return batch % threads == 0 && batch * length >= threads * kLeastRows ? threads : 1;
  }
  const int64_t most = std::max<int64_t>(kGroupRows / std::max<int64_t>(length, 1), 1);
  const int64_t least = (batch + most - 1) / most;
  if (at::in_parallel_region()) return std::max<int64_t>(least, 1);
  return std::min((std::max<int64_t>(least, 8) + 3) / 4 * 4, std::max<int64_t>(batch, 1));
}

// The same for one row of each sequence: larger groups where the matrices stay in the cache, at most
// `most`, and else one, whose products share out their rows.
inline int64_t first_group_count(Multiplier multiplier, int64_t batch, int64_t weights,
                                 int64_t most) {
  constexpr int64_t kGroupRows = 32;
  if (multiplier == Multiplier::libtorch || !stay_in_cache(weights)) return 1;
  const int64_t least = (batch + kGroupRows - 1) / kGroupRows;
  const int64_t count = at::in_parallel_region() ? least : (least + 3) / 4 * 4;
  return std::min({count, most, std::max<int64_t>(batch, 1)});
}

// Calls body(group, first sequence, sequences) for all groups, in parallel.
template <typename Body>
void over_groups(int64_t count, int64_t batch, Body &&body) {
  const auto run = [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      const int64_t first = group * batch / count;
      body(group, first, (group + 1) * batch / count - first);
    }
  };
  // With fewer groups than threads, the passes within a group share out their rows instead.
  if (count < at::get_num_threads()) return run(0, count);
  at::parallel_for(0, count, 1, run);
}

}  // namespace ctorch
