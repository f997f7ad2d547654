// Products of single-precision matrices whose pieces stay in the cache.
//
// A block of a transformer multiplies many rows by few small matrices and does something to the rows
// in between. Here the right-hand matrix is packed once, and any number of rows can be multiplied by
// it at any time, while they are in the cache. On x86 processors not made by
// Intel the kernels are ours, since MKL uses no more than AVX2 there; elsewhere they are libtorch's.
#pragma once

#include <c10/util/ArrayRef.h>

#include <cstdint>

#include "Buffer.h"
#include "Multiplier.h"
#include "Operand.h"

namespace ctorch {

// Whether matrices of so many numbers stay in a second-level cache from group to group of rows.
inline bool stay_in_cache(int64_t numbers) { return numbers <= int64_t{1} << 18; }

// The right-hand matrix of products, [depth, width], in the order that a kernel reads it:
// blocks of rows, in each of them panels of columns.
class Panels {
 public:
  // Says which matrix it is, and for whose kernels; `pack` must follow. Libtorch's kernels read the
  // matrix where it is, so that it must outlive the products.
  void assign(Multiplier multiplier, Operand matrix, int64_t depth, int64_t width);

  // Packs matrices together, in parallel: many small ones do not wait for each other.
  static void pack(c10::ArrayRef<Panels *> all);

  // Says that the matrix will come in pieces: `put` must give each of its rows once.
  void expect(Multiplier multiplier, int64_t depth, int64_t width);

  // Packs rows from `first` on, which lie `step` apart; by any thread, while they are in its cache.
  void put(int64_t first, int64_t count, const float *rows, int64_t step);

  // Where the row `first` and those behind it may be written before they are put, which then copies
  // nothing; null where they are packed.
  float *place(int64_t first) const {
    return multiplier_ == Multiplier::libtorch ? packed_ + first * width_ : nullptr;
  }

  // c [rows, width] = a [rows, depth] · this, or c += it; in parallel, or within a parallel region
  // on the calling thread.
  void multiply(int64_t rows, const float *a, int64_t a_step, float *c, int64_t c_step,
                bool adds) const;

  // c [rows, width] += aᵀ · this for a [depth, rows], in parallel.
  void add_transposed_product(int64_t rows, const float *a, int64_t a_step, float *c,
                              int64_t c_step) const;

 private:
  Multiplier multiplier_ = Multiplier::libtorch;
  int64_t depth_ = 0, width_ = 0, panel_ = 0;
  Operand matrix_{nullptr, 0, 0};
  float *packed_ = nullptr;
  Buffer buffer_;

  int64_t panels() const { return (width_ + panel_ - 1) / panel_; }
  int64_t pieces() const;
  void pack_piece(int64_t piece);
  void pack_part(int64_t block, int64_t column, int64_t from, int64_t to, Operand part);

  struct Left;
  void multiply_rows(Left left, float *c, int64_t c_step, bool adds) const;
  void multiply_block(int64_t block, Left left, const float *copy, float *c, int64_t c_step,
                      bool adds) const;
};

}  // namespace ctorch
