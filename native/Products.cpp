// Left-hand rows, or columns where the matrix lies transposed, are read where they are unless the kernel
// wants them copied beside each other: those of wide matrices meet in one set of the cache.
#include "Products.h"

#include <ATen/Parallel.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "Internal.h"
#include "ProductKernels.h"
#include "Vectorised.h"

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

// Left-hand rows in pieces that a kernel takes, of nearly one size: the first have one more.
struct Pieces {
  int64_t count, base, longer;

  Pieces(int64_t rows, int64_t most)
      : count((rows + most - 1) / most), base(rows / count), longer(rows % count) {}

  int64_t first(int64_t piece) const { return piece * base + std::min(piece, longer); }
  int64_t rows(int64_t piece) const { return base + (piece < longer); }
};

// Copies rows of up to `panel` numbers beside each other, padded with zeros.
struct PackRows {
  template <int WIDTH>
  CT_INLINE static void run(Operand matrix, int64_t depth, int64_t columns, int64_t panel,
                            float factor, float *to) {
    for (int64_t k = 0; k < depth; ++k) {
      const float *from = matrix.data + k * matrix.row_step;
      int64_t i = 0;
      for (; i + WIDTH <= columns; i += WIDTH) store(to + i, load<WIDTH>(from + i) * factor);
      for (; i < columns; ++i) to[i] = from[i] * factor;
      for (; i < panel; ++i) to[i] = 0;
      to += panel;
    }
  }
};

// The same for a matrix that lies transposed.
struct PackColumns {
  template <int>
  CT_INLINE static void run(Operand matrix, int64_t depth, int64_t columns, int64_t panel,
                            float factor, float *to) {
    constexpr int64_t kSide = 8;
    for (int64_t i = 0; i < panel; i += kSide) {
      const float *from = matrix.data + i * matrix.column_step;
      int64_t k = 0;
      if (i + kSide <= columns) {
        for (; k + kSide <= depth; k += kSide) {
          Floats<kSide> rows[kSide];
          for (int64_t lane = 0; lane < kSide; ++lane) {
            rows[lane] = load<kSide>(from + lane * matrix.column_step + k) * factor;
          }
          transpose(rows);
          for (int64_t lane = 0; lane < kSide; ++lane) {
            store(to + (k + lane) * panel + i, rows[lane]);
          }
        }
      }
      for (; k < depth; ++k) {
        for (int64_t lane = 0; lane < kSide; ++lane) {
          to[k * panel + i + lane] =
              i + lane < columns ? from[lane * matrix.column_step + k] * factor : 0;
        }
      }
    }
  }
};

// Copies the left-hand matrix of a block of the depth as a kernel takes it: piece by piece.
void copy_rows(const float *data, int64_t step, Pieces pieces, int64_t most, int64_t depth,
               float *copy) {
  for (int64_t piece = 0; piece < pieces.count; ++piece) {
    float *to = copy + piece * most * kRowStep;
    for (int64_t row = 0; row < pieces.rows(piece); ++row) {
      std::memcpy(to + row * kRowStep, data, static_cast<size_t>(depth) * sizeof(float));
      data += step;
    }
  }
}

// The same for columns: `most` of them beside each other, then those of the next row.
void copy_columns(const float *data, int64_t step, int64_t count, Pieces pieces, int64_t most,
                  int64_t depth, float *copy) {
  for (int64_t k = 0; k < depth; ++k, data += step) {
    for (int64_t piece = 0; piece < pieces.count; ++piece) {
      const int64_t first = pieces.first(piece);
      float *to = copy + piece * most * kRowStep + k * most;
      // What is copied too much is written over by the next row, or lies behind the last.
      if (most <= 8 && first + 8 <= count) {
        store(to, load<8>(data + first));
      } else {
        std::copy_n(data + first, std::min(most, count - first), to);
      }
    }
  }
}

at::Tensor view(const float *data, int64_t rows, int64_t columns, int64_t row_step,
                int64_t column_step) {
  return at::from_blob(const_cast<float *>(data), {rows, columns}, {row_step, column_step},
                       at::TensorOptions().dtype(at::kFloat));
}

}  // namespace

bool is_available(Multiplier multiplier) {
  switch (multiplier) {
    case Multiplier::libtorch: return true;
    case Multiplier::avx2: return CT_GENERATIONS && is_available(Generation::avx2);
    case Multiplier::avx512: return CT_GENERATIONS && is_available(Generation::avx512);
  }
  return false;
}

Multiplier multiplier() {
  static const Multiplier chosen = [] {
    constexpr std::array<std::pair<std::string_view, Multiplier>, 3> names{
        {{"libtorch", Multiplier::libtorch},
         {"avx2", Multiplier::avx2},
         {"avx512", Multiplier::avx512}}};
    if (const char *wanted = std::getenv("HOLDFAST_PRODUCTS")) {
      for (const auto &[name, multiplier] : names) {
        if (name == wanted && is_available(multiplier)) return multiplier;
      }
      TORCH_WARN("HOLDFAST_PRODUCTS=", wanted, " names no kernels of this processor (libtorch, ",
                 "avx2, avx512); its own choice stays");
    }
#if CT_GENERATIONS
    if (!__builtin_cpu_is("intel")) {
      if (is_available(Multiplier::avx512)) return Multiplier::avx512;
      if (is_available(Multiplier::avx2)) return Multiplier::avx2;
    }
#endif
    return Multiplier::libtorch;
  }();
  return chosen;
}

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

void Panels::assign(Multiplier multiplier, Operand matrix, int64_t depth, int64_t width,
                    float factor) {
  multiplier_ = multiplier;
  depth_ = depth;
  width_ = width;
  matrix_ = matrix;
  factor_ = factor;
  if (multiplier_ == Multiplier::libtorch) return;
  panel_ = kernel(multiplier_, width).panel;
  packed_ = buffer_.floats(depth * panels() * panel_);
}

void Panels::expect(Multiplier multiplier, int64_t depth, int64_t width, float factor) {
  assign(multiplier, {nullptr, width, 1}, depth, width, factor);
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
  const int64_t columns = std::min(panel_, width_ - column);
  if (part.column_step == 1) {
    vectorised<PackRows>(panel_, part, to - from, columns, panel_, factor_, place);
  } else {
    vectorised<PackColumns>(panel_, part, to - from, columns, panel_, factor_, place);
  }
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
  // Shared out by size: the pieces of a low-rank factor are much smaller than those of a weight.
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
  const Kernel own = kernel(multiplier_, width_);
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

void Panels::multiply_rows(Left left, float *c, int64_t c_step, bool adds,
                           c10::ArrayRef<Companion> companions) const {
  const Kernel own = kernel(multiplier_, width_);
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
    for (const Companion &other : companions) {
      other.panels->multiply_block(block, left, copy, other.c, other.c_step, false);
    }
  }
}

void Panels::multiply(int64_t rows, const float *a, int64_t a_step, float *c, int64_t c_step,
                      bool adds, c10::ArrayRef<Companion> companions) const {
  if (multiplier_ == Multiplier::libtorch) {
    at::Tensor result = view(c, rows, width_, c_step, 1);
    at::addmm_out(result, result, view(a, rows, depth_, a_step, 1),
                  view(matrix_.data, depth_, width_, matrix_.row_step, matrix_.column_step),
                  adds ? 1 : 0, factor_);
    for (const Companion &other : companions) {
      other.panels->multiply(rows, a, a_step, other.c, other.c_step, false);
    }
    return;
  }
  // Within a parallel region all rows are this thread's.
  const int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads();
  const int64_t parts = std::max((rows + kRows - 1) / kRows, std::min(threads, rows / 8 + 1));
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    std::vector<Companion> others(companions.begin(), companions.end());
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = start(i, parts, rows), last = start(i + 1, parts, rows);
      if (first == last) continue;
      for (size_t j = 0; j < others.size(); ++j) {
        others[j].c = companions[j].c + first * companions[j].c_step;
      }
      multiply_rows({a + first * a_step, a_step, last - first, false}, c + first * c_step, c_step,
                    adds, others);
    }
  });
}

void Panels::add_transposed_product(int64_t rows, const float *a, int64_t a_step, float *c,
                                    int64_t c_step) const {
  if (multiplier_ == Multiplier::libtorch) {
    at::Tensor result = view(c, rows, width_, c_step, 1);
    at::addmm_out(result, result, view(a, rows, depth_, 1, a_step),
                  view(matrix_.data, depth_, width_, matrix_.row_step, matrix_.column_step), 1,
                  factor_);
    return;
  }
  // As many parts as threads where that fills their caches, so that all end together.
  const int64_t threads = std::max<int64_t>(at::get_num_threads(), 1);
  const int64_t parts = threads * ((rows + threads * 2 * kRows - 1) / (threads * 2 * kRows));
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t first = start(part, parts, rows), last = start(part + 1, parts, rows);
      if (first == last) continue;
      multiply_rows({a + first, a_step, last - first, true}, c + first * c_step, c_step, true, {});
    }
  });
}

}  // namespace ctorch

namespace {

// a · b, for tests and for whoever compares kernels; `multiplier` is a number of ctorch::Multiplier.
at::Tensor matrix_product(const at::Tensor &a, const at::Tensor &b, int64_t multiplier) {
  TORCH_CHECK(a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(0) &&
                  a.scalar_type() == at::kFloat && b.scalar_type() == at::kFloat,
              "matrix_product takes float32 [rows, depth] and [depth, columns]");
  const auto own = static_cast<ctorch::Multiplier>(multiplier);
  TORCH_CHECK(multiplier >= 0 && multiplier <= 2 && ctorch::is_available(own),
              "this processor has no kernel of kind ", multiplier);
  const auto isReadable = [](const at::Tensor &matrix) {
    return matrix.is_contiguous() || matrix.t().is_contiguous();
  };
  const at::Tensor left = isReadable(a) ? a : a.contiguous();
  const at::Tensor right = isReadable(b) ? b : b.contiguous();
  ctorch::Panels panels;
  const bool isRowMajor = right.is_contiguous();
  panels.assign(own, {right.const_data_ptr<float>(), isRowMajor ? right.size(1) : 1,
                 isRowMajor ? 1 : right.size(0)},
                right.size(0), right.size(1));
  ctorch::Panels::pack({&panels});
  at::Tensor result = at::zeros({a.size(0), b.size(1)}, a.options());
  if (left.is_contiguous()) {
    panels.multiply(a.size(0), left.const_data_ptr<float>(), a.size(1), result.data_ptr<float>(),
                    b.size(1), false);
  } else {
    panels.add_transposed_product(a.size(0), left.const_data_ptr<float>(), a.size(0),
                                  result.data_ptr<float>(), b.size(1));
  }
  return result;
}

}  // namespace

CT_EXPORT int32_t ct_matrix_kernels(void) {
  return static_cast<int32_t>(ctorch::multiplier());
}

TORCH_LIBRARY_FRAGMENT(holdfast, library) {
  library.def("matrix_product(Tensor a, Tensor b, int multiplier) -> Tensor");
}

TORCH_LIBRARY_IMPL(holdfast, CPU, library) { library.impl("matrix_product", matrix_product); }
