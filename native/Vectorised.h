// Compiles what works on vectors for several generations of x86, and calls the one for this
// processor.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "VectorMath.h"

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define CT_GENERATIONS 1
#else
#define CT_GENERATIONS 0
#endif

// The same for a function whose loops the compiler vectorises by itself.
#if CT_GENERATIONS
#define CT_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CT_VECTORISED
#endif

namespace ctorch {

enum class Generation { any, avx2, avx512 };

#if CT_GENERATIONS
inline bool is_available(Generation generation) {
  switch (generation) {
    case Generation::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    case Generation::avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Generation::any: return true;
  }
  return false;
}

// ATEN_CPU_CAPABILITY (default, avx2), which limits libtorch's own kernels, limits these as well.
inline Generation generation() {
  static const Generation chosen = [] {
    const char *limit = std::getenv("ATEN_CPU_CAPABILITY");
    const std::string_view name = limit == nullptr ? "" : limit;
    if (name == "default") return Generation::any;
    if (name != "avx2" && is_available(Generation::avx512)) return Generation::avx512;
    return is_available(Generation::avx2) ? Generation::avx2 : Generation::any;
  }();
  return chosen;
}

template <typename Body, int WIDTH, typename... Arguments>
__attribute__((target("arch=x86-64-v4"))) auto run_avx512(Arguments... arguments) {
  return Body::template run<WIDTH>(arguments...);
}
template <typename Body, int WIDTH, typename... Arguments>
__attribute__((target("arch=x86-64-v3"))) auto run_avx2(Arguments... arguments) {
  return Body::template run<WIDTH>(arguments...);
}
#else
inline bool is_available(Generation generation) { return generation == Generation::any; }
inline Generation generation() { return Generation::any; }
#endif

// How many numbers `vectorised` takes at once from rows of `length`, a multiple of 8.
inline int64_t vector_width(int64_t length) {
  return generation() == Generation::avx512 && length % 16 == 0 ? 16 : 8;
}

// Body::run<WIDTH>(arguments...) with the processor's own instructions; WIDTH divides `length`,
// which must be a multiple of 8.
template <typename Body, typename... Arguments>
auto vectorised([[maybe_unused]] int64_t length, Arguments... arguments) {
#if CT_GENERATIONS
  switch (generation()) {
    case Generation::avx512:
      return vector_width(length) == 16 ? run_avx512<Body, 16, Arguments...>(arguments...)
                                        : run_avx512<Body, 8, Arguments...>(arguments...);
    case Generation::avx2: return run_avx2<Body, 8, Arguments...>(arguments...);
    case Generation::any: break;
  }
#endif
  return Body::template run<8>(arguments...);
}

}  // namespace ctorch
