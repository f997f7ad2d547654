// What the files of libctorch share: the wrapper that keeps exceptions in, and conversions.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>
#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <string>

#include "../Sources/CTorch/CTorch.h"

#define CT_EXPORT __attribute__((visibility("default")))

namespace ctorch {

void remember(const char *message) noexcept;

// Runs a body and turns whatever it throws into a status and a message.
template <typename Body>
ct_status guarded(Body &&body) noexcept {
  try {
    body();
    return CT_OK;
  } catch (const c10::OutOfMemoryError &error) {
    remember(error.what_without_backtrace());
    return CT_OUT_OF_MEMORY;
  } catch (const c10::Error &error) {
    const std::string text = error.what_without_backtrace();
    remember(text.c_str());
    // The CPU allocator reports exhaustion as a plain c10::Error, in words of its own per platform.
    return text.find("DefaultCPUAllocator") != std::string::npos ? CT_OUT_OF_MEMORY : CT_INVALID;
  } catch (const std::bad_alloc &) {
    remember("the machine is out of memory");
    return CT_OUT_OF_MEMORY;
  } catch (const std::exception &error) {
    remember(error.what());
    return CT_INTERNAL;
  } catch (...) {
    remember("an unknown C++ exception");
    return CT_INTERNAL;
  }
}

inline const at::Tensor &unwrap(const ct_tensor *tensor) {
  return *reinterpret_cast<const at::Tensor *>(tensor);
}

inline at::Tensor &unwrap(ct_tensor *tensor) { return *reinterpret_cast<at::Tensor *>(tensor); }

inline ct_tensor *wrap(at::Tensor tensor) {
  return reinterpret_cast<ct_tensor *>(new at::Tensor(std::move(tensor)));
}

at::ScalarType scalar_type(int64_t dtype);
int32_t dtype_code(at::ScalarType type);
at::Device device(int64_t kind, int64_t index);

}  // namespace ctorch
