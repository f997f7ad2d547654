// Whose kernels multiply matrices.
#pragma once

#include <cstdint>

namespace ctorch {

// Whose kernels multiply; the numbers are those of holdfast::matrix_product.
enum class Multiplier : int64_t { libtorch = 0, avx2 = 1, avx512 = 2 };

// The kernels for this processor. The environment's HOLDFAST_PRODUCTS (libtorch, avx2, avx512) wins
// where the processor has what it names.
Multiplier multiplier();

bool is_available(Multiplier multiplier);

}  // namespace ctorch
