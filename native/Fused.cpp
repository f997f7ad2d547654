// Passes over whole weight buffers: norm of the gradient, AdamW with all that belongs to a step,
// interpolation.
#include <ATen/Parallel.h>

#include <cmath>
#include <vector>

#include "Internal.h"
#include "Vectorised.h"

namespace {

using ctorch::guarded;
using ctorch::unwrap;

constexpr int64_t kBlock = 1 << 14;

float *floats(const at::Tensor &tensor, int64_t length) {
  TORCH_CHECK(tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat &&
                  tensor.is_contiguous() && tensor.numel() == length,
              "a fused pass needs contiguous float32 tensors of one length on the CPU");
  return tensor.data_ptr<float>();
}

// Calls body(first, last) for blocks of a fixed size, in parallel.
template <typename Body>
void over_blocks(int64_t length, Body &&body) {
  const int64_t blocks = (length + kBlock - 1) / kBlock;
  at::parallel_for(0, blocks, 4, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      body(block, block * kBlock, std::min(length, (block + 1) * kBlock));
    }
  });
}

struct Sums {
  double gradient = 0, absolute = 0, square = 0;
};

struct Penalty {
  float l1, l2;

  // The penalty's gradient where a weight has moved from its reference.
  float operator()(float moved) const {
    const float sign = static_cast<float>(moved > 0) - static_cast<float>(moved < 0);
    return l1 * sign + l2 * moved;
  }
};

CT_VECTORISED
Sums measure_block(const float *__restrict value, const float *__restrict gradient,
                   const float *__restrict reference, Penalty penalty, int64_t count) {
  // Sixteen independent partial sums let the compiler vectorise without reordering additions.
  constexpr int kLanes = 16;
  double gradients[kLanes] = {}, absolutes[kLanes] = {}, squares[kLanes] = {};
  const auto add = [&](int64_t i, int lane) __attribute__((always_inline)) {
    const float moved = value[i] - reference[i];
    const float g = gradient[i] + penalty(moved);
    gradients[lane] += static_cast<double>(g) * g;
    absolutes[lane] += std::fabs(moved);
    squares[lane] += static_cast<double>(moved) * moved;
  };
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) add(i + lane, lane);
  }
  for (; i < count; ++i) add(i, 0);
  Sums sums;
  for (int lane = 0; lane < kLanes; ++lane) {
    sums.gradient += gradients[lane];
    sums.absolute += absolutes[lane];
    sums.square += squares[lane];
  }
  return sums;
}

CT_VECTORISED
double square_block(const float *__restrict values, int64_t count) {
  constexpr int kLanes = 16;
  double squares[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      squares[lane] += static_cast<double>(values[i + lane]) * values[i + lane];
    }
  }
  for (; i < count; ++i) squares[0] += static_cast<double>(values[i]) * values[i];
  double sum = 0;
  for (const double square : squares) sum += square;
  return sum;
}

struct Step {
  float keep, decay1, decay2, scale, step_size, root_correction, epsilon, average_keep;
  Penalty penalty;
};

// The arrays of one block; reference and average may be null.
struct Arrays {
  float *value, *gradient, *first, *second;
  const float *reference;
  float *average;

  Arrays from(int64_t begin) const {
    return {value + begin,
            gradient + begin,
            first + begin,
            second + begin,
            reference == nullptr ? nullptr : reference + begin,
            average == nullptr ? nullptr : average + begin};
  }
};

template <bool PENALISED, bool AVERAGED>
inline __attribute__((always_inline)) void adamw_loop(
    float *__restrict value, float *__restrict gradient, float *__restrict first,
    float *__restrict second, const float *__restrict reference, float *__restrict average,
    Step step, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    float g = gradient[i];
    if (PENALISED) g += step.penalty(value[i] - reference[i]);
    g *= step.scale;
    const float m = first[i] + (g - first[i]) * step.decay1;
    const float v = second[i] * (1.0f - step.decay2) + step.decay2 * g * g;
    const float denominator = std::sqrt(v) / step.root_correction + step.epsilon;
    const float p = value[i] * step.keep - step.step_size * (m / denominator);
    gradient[i] = 0;
    first[i] = m;
    second[i] = v;
    value[i] = p;
    if (AVERAGED) average[i] = average[i] * step.average_keep + p * (1.0f - step.average_keep);
  }
}

CT_VECTORISED
void adamw_block(Arrays a, Step step, int64_t count) {
  adamw_loop<false, false>(a.value, a.gradient, a.first, a.second, nullptr, nullptr, step, count);
}

CT_VECTORISED
void adamw_penalised_block(Arrays a, Step step, int64_t count) {
  adamw_loop<true, false>(a.value, a.gradient, a.first, a.second, a.reference, nullptr, step,
                          count);
}

CT_VECTORISED
void adamw_averaged_block(Arrays a, Step step, int64_t count) {
  adamw_loop<false, true>(a.value, a.gradient, a.first, a.second, nullptr, a.average, step, count);
}

CT_VECTORISED
void adamw_whole_block(Arrays a, Step step, int64_t count) {
  adamw_loop<true, true>(a.value, a.gradient, a.first, a.second, a.reference, a.average, step,
                         count);
}

CT_VECTORISED
void interpolate_block(const float *__restrict from, const float *__restrict to, float keep,
                       float alpha, float *__restrict out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = keep * from[i] + alpha * to[i];
}

}  // namespace

CT_EXPORT ct_status ct_measure(const ct_tensor *value, const ct_tensor *gradient,
                               const ct_tensor *reference, double l1, double l2, double *sums) {
  return guarded([&] {
    const int64_t length = unwrap(gradient).numel();
    const float *g = floats(unwrap(gradient), length);
    const float *p = reference == nullptr ? nullptr : floats(unwrap(value), length);
    const float *p0 = reference == nullptr ? nullptr : floats(unwrap(reference), length);
    const Penalty penalty{static_cast<float>(l1), static_cast<float>(l2)};
    std::vector<Sums> partial(static_cast<size_t>((length + kBlock - 1) / kBlock));
    over_blocks(length, [&](int64_t block, int64_t begin, int64_t end) {
      Sums &sum = partial[static_cast<size_t>(block)];
      if (p0 == nullptr) {
        sum.gradient = square_block(g + begin, end - begin);
      } else {
        sum = measure_block(p + begin, g + begin, p0 + begin, penalty, end - begin);
      }
    });
    Sums total;
    for (const Sums &sum : partial) {
      total.gradient += sum.gradient;
      total.absolute += sum.absolute;
      total.square += sum.square;
    }
    sums[0] = total.gradient;
    sums[1] = total.absolute;
    sums[2] = total.square;
  });
}

CT_EXPORT ct_status ct_adamw(ct_tensor *value, ct_tensor *gradient, ct_tensor *first,
                             ct_tensor *second, const ct_tensor *reference, ct_tensor *average,
                             const ct_adamw_settings *settings) {
  return guarded([&] {
    const int64_t length = unwrap(value).numel();
    const Arrays arrays{
        floats(unwrap(value), length),
        floats(unwrap(gradient), length),
        floats(unwrap(first), length),
        floats(unwrap(second), length),
        reference == nullptr ? nullptr : floats(unwrap(reference), length),
        average == nullptr ? nullptr : floats(unwrap(average), length),
    };
    const double steps = static_cast<double>(settings->step);
    const double correction1 = 1 - std::pow(settings->beta1, steps);
    const double correction2 = 1 - std::pow(settings->beta2, steps);
    const Step step{
        static_cast<float>(1 - settings->rate * settings->decay),
        static_cast<float>(1 - settings->beta1),
        static_cast<float>(1 - settings->beta2),
        static_cast<float>(settings->gradient_scale),
        static_cast<float>(settings->rate / correction1),
        static_cast<float>(std::sqrt(correction2)),
        static_cast<float>(settings->epsilon),
        static_cast<float>(settings->average_keep),
        {static_cast<float>(settings->l1), static_cast<float>(settings->l2)},
    };
    const auto run = reference == nullptr
                         ? (average == nullptr ? adamw_block : adamw_averaged_block)
                         : (average == nullptr ? adamw_penalised_block : adamw_whole_block);
    over_blocks(length, [&](int64_t, int64_t begin, int64_t end) {
      run(arrays.from(begin), step, end - begin);
    });
  });
}

CT_EXPORT ct_status ct_interpolate(const ct_tensor *from, const ct_tensor *to, double alpha,
                                   ct_tensor *out) {
  return guarded([&] {
    const int64_t length = unwrap(from).numel();
    const float *a = floats(unwrap(from), length);
    const float *b = floats(unwrap(to), length);
    float *target = floats(unwrap(out), length);
    over_blocks(length, [&](int64_t, int64_t begin, int64_t end) {
      interpolate_block(a + begin, b + begin, static_cast<float>(1 - alpha),
                        static_cast<float>(alpha), target + begin, end - begin);
    });
  });
}
