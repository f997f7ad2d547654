// Errors, conversions, handles, host copies, autograd scopes and machine facts.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "Internal.h"

namespace ctorch {

static thread_local std::string last_error;

void remember(const char *message) noexcept {
  try {
    last_error = message;
  } catch (...) {
    last_error.clear();
  }
}

at::ScalarType scalar_type(int64_t dtype) {
  switch (dtype) {
    case CT_BOOL: return at::kBool;
    case CT_UINT8: return at::kByte;
    case CT_INT32: return at::kInt;
    case CT_INT64: return at::kLong;
    case CT_FLOAT16: return at::kHalf;
    case CT_BFLOAT16: return at::kBFloat16;
    case CT_FLOAT32: return at::kFloat;
    case CT_FLOAT64: return at::kDouble;
    default: TORCH_CHECK(false, "unknown scalar type ", dtype);
  }
}

int32_t dtype_code(at::ScalarType type) {
  switch (type) {
    case at::kBool: return CT_BOOL;
    case at::kByte: return CT_UINT8;
    case at::kInt: return CT_INT32;
    case at::kLong: return CT_INT64;
    case at::kHalf: return CT_FLOAT16;
    case at::kBFloat16: return CT_BFLOAT16;
    case at::kFloat: return CT_FLOAT32;
    case at::kDouble: return CT_FLOAT64;
    default: return CT_OTHER_DTYPE;
  }
}

at::Device device(int64_t kind, int64_t index) {
  switch (kind) {
    case CT_CPU: return at::Device(at::kCPU);
    case CT_CUDA: return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
    case CT_MPS: return at::Device(at::kMPS);
    default: TORCH_CHECK(false, "unknown device ", kind);
  }
}

}  // namespace ctorch

using ctorch::guarded;
using ctorch::unwrap;
using ctorch::wrap;

CT_EXPORT int32_t ct_abi_version(void) { return CT_ABI_VERSION; }

CT_EXPORT const char *ct_torch_version(void) { return TORCH_VERSION; }

CT_EXPORT const char *ct_last_error(void) { return ctorch::last_error.c_str(); }

CT_EXPORT void ct_release(ct_tensor *tensor) { delete reinterpret_cast<at::Tensor *>(tensor); }

CT_EXPORT int32_t ct_rank(const ct_tensor *tensor) {
  return static_cast<int32_t>(unwrap(tensor).dim());
}

CT_EXPORT void ct_sizes(const ct_tensor *tensor, int64_t *sizes) {
  for (const int64_t size : unwrap(tensor).sizes()) *sizes++ = size;
}

CT_EXPORT int32_t ct_dtype_of(const ct_tensor *tensor) {
  return ctorch::dtype_code(unwrap(tensor).scalar_type());
}

CT_EXPORT void ct_device_of(const ct_tensor *tensor, int32_t *kind, int32_t *index) {
  const at::Device device = unwrap(tensor).device();
  *kind = device.is_cpu() ? CT_CPU
          : device.is_cuda() ? CT_CUDA
          : device.is_mps() ? CT_MPS
                            : CT_OTHER_DEVICE;
  *index = device.has_index() ? device.index() : 0;
}

CT_EXPORT ct_status ct_from_host(const void *bytes, size_t byte_count, int32_t dtype,
                                 const int64_t *sizes, size_t rank, ct_tensor **out) {
  return guarded([&] {
    at::Tensor tensor =
        at::empty(at::IntArrayRef(sizes, rank), at::TensorOptions(ctorch::scalar_type(dtype)));
    TORCH_CHECK(tensor.nbytes() == byte_count, "a tensor of ", tensor.nbytes(),
                " bytes cannot be made of ", byte_count);
    if (byte_count > 0) std::memcpy(tensor.mutable_data_ptr(), bytes, byte_count);
    *out = wrap(std::move(tensor));
  });
}

CT_EXPORT ct_status ct_borrow_host(const void *bytes, size_t byte_count, int32_t dtype,
                                   const int64_t *sizes, size_t rank, void (*release)(void *),
                                   void *owner, ct_tensor **out) {
  return guarded([&] {
    const std::shared_ptr<void> lease(owner, release);
    const at::TensorOptions options(ctorch::scalar_type(dtype));
    at::Tensor tensor =
        at::from_blob(const_cast<void *>(bytes), at::IntArrayRef(sizes, rank),
                      [lease](void *) {}, options);
    TORCH_CHECK(tensor.nbytes() == byte_count, "a tensor of ", tensor.nbytes(),
                " bytes cannot stand on ", byte_count);
    *out = wrap(std::move(tensor));
  });
}

CT_EXPORT ct_status ct_to_host(const ct_tensor *tensor, void *bytes, size_t byte_count) {
  return guarded([&] {
    const at::Tensor host = unwrap(tensor).detach().to(at::kCPU).contiguous();
    TORCH_CHECK(host.nbytes() == byte_count, "a tensor of ", host.nbytes(),
                " bytes does not fill ", byte_count);
    if (byte_count > 0) std::memcpy(bytes, host.const_data_ptr(), byte_count);
  });
}

CT_EXPORT ct_status ct_host_pointer(const ct_tensor *tensor, void **out) {
  return guarded([&] {
    const at::Tensor &value = unwrap(tensor);
    TORCH_CHECK(value.device().is_cpu() && value.is_contiguous(),
                "only a contiguous tensor on the CPU has a host address");
    *out = value.data_ptr();
  });
}

CT_EXPORT bool ct_gradients_enabled(void) { return c10::GradMode::is_enabled(); }

CT_EXPORT void ct_set_gradients_enabled(bool enabled) { c10::GradMode::set_enabled(enabled); }

CT_EXPORT ct_status ct_make_leaf(ct_tensor *leaf, const ct_tensor *gradient) {
  return guarded([&] {
    at::Tensor detached = unwrap(leaf).detach();
    detached.set_requires_grad(true);
    detached.mutable_grad() = unwrap(gradient).detach();
    unwrap(leaf) = std::move(detached);
  });
}

CT_EXPORT ct_status ct_backward(const ct_tensor *loss) {
  return guarded([&] { torch::autograd::backward({unwrap(loss)}, {}); });
}

CT_EXPORT ct_status ct_set_autocast(bool enabled, int32_t device, int32_t dtype) {
  return guarded([&] {
    const at::DeviceType type = ctorch::device(device, 0).type();
    if (enabled) {
      at::autocast::set_autocast_dtype(type, ctorch::scalar_type(dtype));
    } else {
      at::autocast::clear_cache();
    }
    at::autocast::set_autocast_enabled(type, enabled);
  });
}

CT_EXPORT void ct_set_threads(int32_t count) {
  guarded([&] { at::set_num_threads(count); });
}

CT_EXPORT int32_t ct_threads(void) { return at::get_num_threads(); }

CT_EXPORT ct_status ct_concurrently(int64_t count, void (*body)(int64_t, void *), void *context) {
  return guarded([&] {
    std::atomic<int64_t> next{0};
    const int64_t threads = std::min<int64_t>(count, at::get_num_threads());
    at::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
      for (int64_t i = next++; i < count; i = next++) body(i, context);
    });
  });
}

CT_EXPORT int32_t ct_cuda_device_count(void) {
  int32_t count = 0;
  guarded([&] {
    if (at::hasCUDA()) count = static_cast<int32_t>(at::detail::getCUDAHooks().deviceCount());
  });
  return count;
}

CT_EXPORT void ct_keep_freed_memory(void) {
#if defined(__GLIBC__)
  // The first is the largest that glibc takes; beyond it memory is mapped, and given back when freed.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  // With lists of small chunks, glibc goes through all of them whenever a large one is freed.
  mallopt(M_MXFAST, 0);
#endif
}

CT_EXPORT bool ct_mps_available(void) { return at::hasMPS(); }
