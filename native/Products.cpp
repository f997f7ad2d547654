// Left-hand rows, or columns where the matrix lies transposed, are read where they are unless the kernel
// wants them copied beside each other: those of wide matrices meet in one set of the cache.
#include "Products.h"

#include <ATen/Parallel.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <vector>

#include "Packing.h"
#include "ProductKernels.h"

namespace ctorch {
namespace {

// Left-hand rows that are copied together; they fill a third of a second-level cache.
constexpr int64_t kRows = 224;

// Brings what will be read soon into the second-level cache; the panels' beginnings are of whole lines.
inline void fetch(const float *data, int64_t begin, int64_t end) {
  constexpr int64_t kLine = 16;
  for (int64_t i = (begin + kLine - 1) / kLine * kLine; i < end; i += kLine) {
    __builtin_prefetch(data + i, 0, 2);
  }
}

// The blocks of a depth are of nearly one size.
int64_t depth_blocks(int64_t depth) { return (depth + kDepth - 1) / kDepth; }
int64_t start(int64_t part, int64_t parts, int64_t total) { return part * total / parts; }

at::Tensor view(const float *data, int64_t rows, int64_t columns, int64_t row_step,
                int64_t column_step) {
  return at::from_blob(const_cast<float *>(data), {rows, columns}, {row_step, column_step},
                       at::TensorOptions().dtype(at::kFloat));
}

}  // namespace

void Panels::assign(Multiplier multiplier, Operand matrix, int64_t depth, int64_t width) {
  multiplier_ = multiplier;
  depth_ = depth;
  width_ = width;
  matrix_ = matrix;
  if (multiplier_ == Multiplier::libtorch) return;
  panel_ = kernel(multiplier_).panel;
  packed_ = buffer_.floats(depth * panels() * panel_);
}

void Panels::expect(Multiplier multiplier, int64_t depth, int64_t width) {
  assign(multiplier, {nullptr, width, 1}, depth, width);
  if (multiplier_ == Multiplier::libtorch) matrix_.data = packed_ = buffer_.floats(depth * width);
}

int64_t Panels::pieces() const {
  return multiplier_ == Multiplier::libtorch ? 0 : depth_blocks(depth_) * panels();
}

// Packs rows from ..< to, of a block of rows, of the panel that begins at a column; `part` begins
// at both.
void Panels::pack_part(int64_t block, int64_t column, int64_t from, int64_t to, Operand part) {
  const int64_t blocks = depth_blocks(depth_);
  const int64_t first = start(block, blocks, depth_), last = start(block + 1, blocks, depth_);
  float *place = packed_ + first * panels() * panel_ + column * (last - first) +
                 (from - first) * panel_;
  pack_panel(part, to - from, std::min(panel_, width_ - column), panel_, place);
}

void Panels::pack_piece(int64_t piece) {
  const int64_t block = piece / panels(), column = piece % panels() * panel_;
  const int64_t from = start(block, depth_blocks(depth_), depth_);
  const int64_t to = start(block + 1, depth_blocks(depth_), depth_);
  pack_part(block, column, from, to,
            {matrix_.data + from * matrix_.row_step + column * matrix_.column_step,
             matrix_.row_step, matrix_.column_step});
}

void Panels::put(int64_t first, int64_t count, const float *rows, int64_t step) {
  if (multiplier_ == Multiplier::libtorch) {
    if (rows == place(first) && step == width_) return;
    for (int64_t row = 0; row < count; ++row) {
      std::copy_n(rows + row * step, width_, packed_ + (first + row) * width_);
    }
    return;
  }
  const int64_t blocks = depth_blocks(depth_);
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t from = std::max(first, start(block, blocks, depth_));
    const int64_t to = std::min(first + count, start(block + 1, blocks, depth_));
    if (from >= to) continue;
    for (int64_t column = 0; column < width_; column += panel_) {
      pack_part(block, column, from, to, {rows + (from - first) * step + column, step, 1});
    }
  }
}

void Panels::pack(c10::ArrayRef<Panels *> all) {
  // Shared out by size: the pieces of one matrix are much smaller than those of another.
  std::vector<int64_t> ends;
  int64_t total = 0;
  for (const Panels *panels : all) {
    total += panels->pieces() == 0 ? 0 : panels->depth_ * panels->width_;
    ends.push_back(total);
  }
  constexpr int64_t kGrain = 1 << 12;
  at::parallel_for(0, total, kGrain, [&](int64_t begin, int64_t end) {
    int64_t first = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      const int64_t size = ends[i] - first, count = all[i]->pieces();
      // A piece is whose share its beginning falls into.
      for (int64_t piece = 0; piece < count; ++piece) {
        const int64_t place = first + piece * size / count;
        if (place >= begin && place < end) all[i]->pack_piece(piece);
      }
      first = ends[i];
    }
  });
}

// The left-hand matrix: `count` rows, or columns where it lies transposed.
struct Panels::Left {
  const float *data;
  int64_t step, count;
  bool isTransposed;

  const float *at(int64_t row, int64_t depth) const {
    return isTransposed ? data + depth * step + row : data + row * step + depth;
  }
};

// Adds or writes what one block of the depth gives; `copy` has the left-hand matrix of that block, pieces
// as many as a kernel takes, or is null where it is read in its place.
void Panels::multiply_block(int64_t block, Left left, const float *copy, float *c, int64_t c_step,
                            bool adds) const {
  const Kernel own = kernel(multiplier_);
  const Tile tile = left.isTransposed ? own.columns : own.rows;
  const int64_t blocks = depth_blocks(depth_), from = start(block, blocks, depth_);
  const int64_t depth = start(block + 1, blocks, depth_) - from;
  const Pieces pieces(left.count, own.most_rows);
  const int64_t copied_step = left.isTransposed ? own.most_rows : kRowStep;
  const int64_t step = copy == nullptr ? left.step : copied_step;
  const bool sums = adds || block > 0;
  for (int64_t panel = 0; panel < panels(); ++panel) {
    const float *b = packed_ + from * panels() * panel_ + panel * panel_ * depth;
    const int64_t columns = std::min(panel_, width_ - panel * panel_);
    // Each piece fetches a part of the next panel.
    const bool fetches = panel + 1 < panels() && !stay_in_cache(depth_ * width_);
    const int64_t ahead = fetches ? depth * panel_ : 0;
    for (int64_t piece = 0; piece < pieces.count; ++piece) {
      const int64_t first = pieces.first(piece), count = pieces.rows(piece);
      float *target = c + first * c_step + panel * panel_;
      const float *a = copy == nullptr ? left.at(first, from)
                                       : copy + piece * own.most_rows * kRowStep;
      if (fetches) {
        fetch(b + ahead, start(piece, pieces.count, ahead), start(piece + 1, pieces.count, ahead));
      }
      if (columns == panel_) {
        tile(count, a, step, b, target, c_step, depth, sums);
        continue;
      }
      float part[kMostRows * 32];
      tile(count, a, step, b, part, panel_, depth, false);
      for (int64_t row = 0; row < count; ++row) {
        for (int64_t i = 0; i < columns; ++i) {
          float &place = target[row * c_step + i];
          place = sums ? place + part[row * panel_ + i] : part[row * panel_ + i];
        }
      }
    }
  }
}

void Panels::multiply_rows(Left left, float *c, int64_t c_step, bool adds) const {
  const Kernel own = kernel(multiplier_);
  const int64_t most = own.most_rows;
  const int64_t blocks = depth_blocks(depth_);
  const Pieces pieces(left.count, most);
  const bool copies = left.isTransposed ? panels() >= own.least_panels : left.step > own.most_step;
  thread_local Buffer buffer;
  float *copy = copies ? buffer.floats(pieces.count * most * kRowStep) : nullptr;
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t from = start(block, blocks, depth_);
    const int64_t depth = start(block + 1, blocks, depth_) - from;
    if (copies && left.isTransposed) {
      copy_columns(left.at(0, from), left.step, left.count, pieces, most, depth, copy);
    } else if (copies) {
      copy_rows(left.at(0, from), left.step, pieces, most, depth, copy);
    }
    multiply_block(block, left, copy, c, c_step, adds);
  }
}

void Panels::multiply(int64_t rows, const float *a, int64_t a_step, float *c, int64_t c_step,
                      bool adds) const {
  if (multiplier_ == Multiplier::libtorch) {
    at::Tensor result = view(c, rows, width_, c_step, 1);
    at::addmm_out(result, result, view(a, rows, depth_, a_step, 1),
                  view(matrix_.data, depth_, width_, matrix_.row_step, matrix_.column_step),
                  adds ? 1 : 0);
    return;
  }
  // Within a parallel region all rows are this thread's.
  const int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads();
  const int64_t parts = std::max((rows + kRows - 1) / kRows, std::min(threads, rows / 8 + 1));
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = start(i, parts, rows), last = start(i + 1, parts, rows);
      if (first == last) continue;
      multiply_rows({a + first * a_step, a_step, last - first, false}, c + first * c_step, c_step,
                    adds);
    }
  });
}

void Panels::add_transposed_product(int64_t rows, const float *a, int64_t a_step, float *c,
                                    int64_t c_step) const {
  if (multiplier_ == Multiplier::libtorch) {
    at::Tensor result = view(c, rows, width_, c_step, 1);
    at::addmm_out(result, result, view(a, rows, depth_, 1, a_step),
                  view(matrix_.data, depth_, width_, matrix_.row_step, matrix_.column_step), 1);
    return;
  }
  // As many parts as threads where that fills their caches, so that all end together.
  const int64_t threads = std::max<int64_t>(at::get_num_threads(), 1);
  const int64_t parts = threads * ((rows + threads * 2 * kRows - 1) / (threads * 2 * kRows));
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t first = start(part, parts, rows), last = start(part + 1, parts, rows);
      if (first == last) continue;
      multiply_rows({a + first, a_step, last - first, true}, c + first * c_step, c_step, true);
    }
  });
}

}  // namespace ctorch
