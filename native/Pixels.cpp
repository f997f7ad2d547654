// Bytes of pixels to a model's input in one pass: each of a channel's 256 values is in a table already.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>

#include "Internal.h"

namespace {

using at::Tensor;

// bytes [images, channels, height, width] by table [channels, 256].
Tensor look_up_pixels(const Tensor &bytes, const Tensor &table) {
  TORCH_CHECK(bytes.dim() == 4 && bytes.scalar_type() == at::kByte && bytes.is_contiguous(),
              "pixels are contiguous bytes [images, channels, height, width]");
  TORCH_CHECK(table.scalar_type() == at::kFloat && table.is_contiguous() &&
                  table.sizes() == at::IntArrayRef({bytes.size(1), 256}),
              "a table of pixels is contiguous float32 [channels, 256]");
  const Tensor result = at::empty(bytes.sizes(), table.options());
  const int64_t channels = bytes.size(1), plane = bytes.size(2) * bytes.size(3);
  const auto *const from = bytes.const_data_ptr<uint8_t>();
  const float *const values = table.const_data_ptr<float>();
  float *const to = result.data_ptr<float>();
  constexpr int64_t kGrain = 1 << 15;
  at::parallel_for(0, bytes.size(0) * channels, kGrain / std::max<int64_t>(plane, 1) + 1,
                   [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float *const own = values + i % channels * 256;
      for (int64_t pixel = i * plane; pixel < (i + 1) * plane; ++pixel) {
        to[pixel] = own[from[pixel]];
      }
    }
  });
  return result;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(holdfast, library) {
  library.def("look_up_pixels(Tensor bytes, Tensor table) -> Tensor");
}

TORCH_LIBRARY_IMPL(holdfast, CPU, library) { library.impl("look_up_pixels", look_up_pixels); }
