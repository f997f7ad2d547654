#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include "Products.h"

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

TORCH_LIBRARY_FRAGMENT(holdfast, library) {
  library.def("matrix_product(Tensor a, Tensor b, int multiplier) -> Tensor");
}

TORCH_LIBRARY_IMPL(holdfast, CPU, library) { library.impl("matrix_product", matrix_product); }
