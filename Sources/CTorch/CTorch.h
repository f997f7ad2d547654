// The C interface between Swift and libtorch, implemented by native/*.cpp and built into
// libctorch.so by native/build.sh.
//
// Rules: no exception leaves a function; every function that can fail returns a status and leaves
// its message for ct_last_error(); out pointers are written only on success; a ct_tensor belongs
// to whoever received it and is given back with ct_release. Scalar types and devices travel as the
// small integers below, never as libtorch's own.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Raised whenever a function here changes; Swift compares it at start.
#define CT_ABI_VERSION 5

typedef struct ct_tensor ct_tensor;
typedef struct ct_operator ct_operator;

typedef enum ct_status { CT_OK = 0, CT_INVALID = 1, CT_OUT_OF_MEMORY = 2, CT_INTERNAL = 3 } ct_status;

typedef enum ct_dtype {
  CT_BOOL = 0,
  CT_UINT8 = 1,
  CT_INT32 = 2,
  CT_INT64 = 3,
  CT_FLOAT16 = 4,
  CT_BFLOAT16 = 5,
  CT_FLOAT32 = 6,
  CT_FLOAT64 = 7,
  CT_OTHER_DTYPE = 255
} ct_dtype;

typedef enum ct_device { CT_CPU = 0, CT_CUDA = 1, CT_MPS = 2, CT_OTHER_DEVICE = 255 } ct_device;

typedef enum ct_kind {
  CT_NONE = 0,      // absent: None, or the schema's default past the last argument given
  CT_TENSOR = 1,    // tensor
  CT_INTEGER = 2,   // integer
  CT_REAL = 3,      // real
  CT_BOOLEAN = 4,   // integer, 0 or 1
  CT_STRING = 5,    // list: const char *
  CT_INTEGERS = 6,  // list: const int64_t *, count
  CT_TENSORS = 7,   // list: const ct_tensor *const *, count
  CT_DTYPE = 8,     // integer: ct_dtype
  CT_DEVICE = 9     // integer: ct_device, count: index
} ct_kind;

typedef struct ct_value {
  int32_t kind;
  int64_t integer;
  double real;
  const ct_tensor *tensor;
  const void *list;
  size_t count;
} ct_value;

int32_t ct_abi_version(void);
// libtorch's own version, "2.13.0" for example.
const char *ct_torch_version(void);
// The message of this thread's last failure; valid until its next one.
const char *ct_last_error(void);

// Operators. A handle is found once by name and is never freed.
ct_status ct_find_operator(const char *name, const char *overload, const ct_operator **out);
// Arguments that are left out at the end take the schema's defaults.
ct_status ct_call(const ct_operator *op, const ct_value *inputs, size_t count, ct_tensor **outputs,
                  size_t capacity, size_t *produced);

// Tensors.
void ct_release(ct_tensor *tensor);
int32_t ct_rank(const ct_tensor *tensor);
void ct_sizes(const ct_tensor *tensor, int64_t *sizes);
int32_t ct_dtype_of(const ct_tensor *tensor);
void ct_device_of(const ct_tensor *tensor, int32_t *kind, int32_t *index);
// Copies host memory (row-major) into a new CPU tensor.
ct_status ct_from_host(const void *bytes, size_t byte_count, int32_t dtype, const int64_t *sizes,
                       size_t rank, ct_tensor **out);
// A CPU tensor over host memory (row-major, aligned to an element), which must stay until `release`
// is called with `owner`: when the last tensor that shares it is gone, or where this call fails.
ct_status ct_borrow_host(const void *bytes, size_t byte_count, int32_t dtype, const int64_t *sizes,
                         size_t rank, void (*release)(void *owner), void *owner, ct_tensor **out);
// Copies a tensor's elements, row-major and in its own type, to host memory.
ct_status ct_to_host(const ct_tensor *tensor, void *bytes, size_t byte_count);
// The elements' address; fails unless the tensor is contiguous and on the CPU.
ct_status ct_host_pointer(const ct_tensor *tensor, void **out);

// Automatic differentiation. The mode belongs to the calling thread.
bool ct_gradients_enabled(void);
void ct_set_gradients_enabled(bool enabled);
// Makes `leaf` (a view that shares memory with a buffer) a leaf of the graph whose gradient is
// accumulated into `gradient`, which shares memory with another buffer.
ct_status ct_make_leaf(ct_tensor *leaf, const ct_tensor *gradient);
ct_status ct_backward(const ct_tensor *loss);

// Mixed precision on this thread; clears the cast cache when it is switched off.
ct_status ct_set_autocast(bool enabled, int32_t device, int32_t dtype);

// Machine.
void ct_set_threads(int32_t count);
int32_t ct_threads(void);
// Whose kernels multiply matrices here, by their numbers in holdfast::matrix_product.
int32_t ct_matrix_kernels(void);
// Calls body(index, context) for 0 ..< count on all threads, each index once; operators that a body calls
// compute on its thread alone.
ct_status ct_concurrently(int64_t count, void (*body)(int64_t, void *), void *context);
int32_t ct_cuda_device_count(void);
bool ct_mps_available(void);
// Lets glibc keep up to half a gigabyte of freed memory; elsewhere it does nothing.
void ct_keep_freed_memory(void);

// Fused passes over contiguous float32 CPU buffers of one length. Sums are taken over blocks of
// fixed size in a fixed order, so they do not depend on the number of threads.

// The gradient of a step is g = gradient + l1 * sign(value - reference) + l2 * (value - reference),
// without the penalties where the reference is null. Nothing is written but sums[0] = sum g^2,
// sums[1] = sum |value - reference|, sums[2] = sum (value - reference)^2.
ct_status ct_measure(const ct_tensor *value, const ct_tensor *gradient,
                     const ct_tensor *reference, double l1, double l2, double *sums);

typedef struct ct_adamw_settings {
  double rate, beta1, beta2, epsilon, decay, gradient_scale, l1, l2;
  double average_keep;  // average = average_keep * average + (1 - average_keep) * value
  int64_t step;         // counts from 1
} ct_adamw_settings;
// One AdamW step (Loshchilov and Hutter 2019, in PyTorch's order of operations) from
// gradient_scale * g, which leaves the gradient zero. Reference and average may be null.
ct_status ct_adamw(ct_tensor *value, ct_tensor *gradient, ct_tensor *first, ct_tensor *second,
                   const ct_tensor *reference, ct_tensor *average,
                   const ct_adamw_settings *settings);

// out = (1 - alpha) * from + alpha * to, elementwise.
ct_status ct_interpolate(const ct_tensor *from, const ct_tensor *to, double alpha, ct_tensor *out);

#ifdef __cplusplus
}
#endif
#endif
