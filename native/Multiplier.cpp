#include "Multiplier.h"

#include <c10/util/Exception.h>

#include <array>
#include <cstdlib>
#include <string_view>

#include "Internal.h"
#include "Vectorised.h"

namespace ctorch {

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

}  // namespace ctorch

CT_EXPORT int32_t ct_matrix_kernels(void) {
  return static_cast<int32_t>(ctorch::multiplier());
}
