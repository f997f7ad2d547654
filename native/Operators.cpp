// Calling any libtorch operator by name through the dispatcher, with boxed arguments.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>

#include <vector>

#include "Internal.h"

namespace {

using ctorch::unwrap;

at::Tensor tensor_or_undefined(const ct_tensor *tensor) {
  return tensor == nullptr ? at::Tensor() : unwrap(tensor);
}

// A value as the dispatcher expects it for an argument of the given type.
c10::IValue boxed(const ct_value &value, const c10::TypePtr &type) {
  switch (value.kind) {
    case CT_NONE: return {};
    case CT_TENSOR: return tensor_or_undefined(value.tensor);
    case CT_INTEGER: {
      // A Scalar or float argument given as an integer literal.
      if (type->kind() == c10::TypeKind::FloatType) return static_cast<double>(value.integer);
      return value.integer;
    }
    case CT_REAL: return value.real;
    case CT_BOOLEAN: return value.integer != 0;
    case CT_STRING: return std::string(static_cast<const char *>(value.list));
    case CT_INTEGERS: {
      const auto *first = static_cast<const int64_t *>(value.list);
      return c10::IValue(std::vector<int64_t>(first, first + value.count));
    }
    case CT_TENSORS: {
      const auto *first = static_cast<const ct_tensor *const *>(value.list);
      c10::List<at::Tensor> list;
      list.reserve(value.count);
      for (size_t i = 0; i < value.count; ++i) list.push_back(unwrap(first[i]));
      return list;
    }
    case CT_DTYPE: return static_cast<int64_t>(ctorch::scalar_type(value.integer));
    case CT_DEVICE:
      return ctorch::device(value.integer, static_cast<int64_t>(value.count));
    default: TORCH_CHECK(false, "unknown kind of argument ", value.kind);
  }
}

}  // namespace

CT_EXPORT ct_status ct_find_operator(const char *name, const char *overload,
                                     const ct_operator **out) {
  return ctorch::guarded([&] {
    const auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
    TORCH_CHECK(handle.has_value(), "libtorch has no operator ", name, ".", overload);
    // Kept for the life of the process: there are as many as names in Swift.
    *out = reinterpret_cast<const ct_operator *>(new c10::OperatorHandle(*handle));
  });
}

CT_EXPORT ct_status ct_call(const ct_operator *op, const ct_value *inputs, size_t count,
                            ct_tensor **outputs, size_t capacity, size_t *produced) {
  return ctorch::guarded([&] {
    const auto &handle = *reinterpret_cast<const c10::OperatorHandle *>(op);
    const auto &arguments = handle.schema().arguments();
    TORCH_CHECK(count <= arguments.size(), handle.schema().name(), " takes ", arguments.size(),
                " arguments, not ", count);
    torch::jit::Stack stack;
    stack.reserve(arguments.size());
    for (size_t i = 0; i < arguments.size(); ++i) {
      if (i < count) {
        stack.push_back(boxed(inputs[i], arguments[i].type()));
      } else {
        TORCH_CHECK(arguments[i].default_value().has_value(), handle.schema().name(),
                    " needs its argument ", arguments[i].name());
        stack.push_back(*arguments[i].default_value());
      }
    }
    handle.callBoxed(stack);

    std::vector<at::Tensor> results;
    for (c10::IValue &value : stack) {
      if (value.isTensor()) {
        results.push_back(std::move(value).toTensor());
      } else if (value.isTensorList()) {
        for (const at::Tensor &tensor : value.toTensorVector()) results.push_back(tensor);
      }
    }
    TORCH_CHECK(results.size() <= capacity, handle.schema().name(), " gave ", results.size(),
                " tensors where there is room for ", capacity);
    for (size_t i = 0; i < results.size(); ++i) outputs[i] = ctorch::wrap(std::move(results[i]));
    *produced = results.size();
  });
}
