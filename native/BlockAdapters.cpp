// What a block does for low-rank adapters beside its own products: their factors' places, and gradients.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "Block.h"
#include "BlockWorkspace.h"
#include "Internal.h"

namespace ctorch {

using at::Tensor;
using namespace block;

// The places of what each adapter keeps of a pass.
std::vector<Tensor> Block::lower(Workspace &workspace) const {
  std::vector<Tensor> lowered;
  workspace.lowered.clear();
  for (const Adapter &adapter : adapters_) {
    lowered.push_back(at::empty({rows(adapter.weight), adapter.rank()}, at::kFloat));
    workspace.lowered.push_back(numbers(lowered.back()));
  }
  return lowered;
}

// Both passes read both factors of an adapter along the width of its weight.
void Block::transpose_ups(Workspace &workspace) const {
  int64_t count = 0;
  for (const Adapter &adapter : adapters_) count += adapter.up.numel();
  float *to = workspace.up_numbers.floats(count);
  const float scale = static_cast<float>(settings_.scale);
  workspace.ups.clear();
  for (const Adapter &adapter : adapters_) {
    const int64_t rank = adapter.rank(), outputs = adapter.outputs();
    const float *up = constants(adapter.up);
    for (int64_t i = 0; i < outputs; ++i) {
      for (int64_t j = 0; j < rank; ++j) to[j * outputs + i] = scale * up[i * rank + j];
    }
    workspace.ups.push_back({to, rank, outputs});
    to += rank * outputs;
  }
}

// The gradients of a map's factors from a group's rows, while these are in the cache.
void Block::add_factor_gradients(Parameter which, Group group, const float *output_gradient,
                                 const float *input, const Record &record,
                                 const Gradients &gradients, const Workspace &workspace,
                                 float *sums) const {
  const Rows own = which == projection_weight ? group.all : group.answered;
  for (size_t i = 0; i < adapters_.size(); ++i) {
    const Adapter &adapter = adapters_[i];
    if (adapter.weight != which) continue;
    const int64_t rank = adapter.rank(), from = inputs(which);
    float *const down = sums + adapter.sums, *const up = down + from * rank;
    const int64_t place = own.first * rank;
    if (gradients.factors[2 * i].defined()) {
      add_outer(workspace.lowered[i] + place, rank, {input, own.count, from}, from, down);
    }
    if (gradients.factors[2 * i + 1].defined()) {
      add_outer(constants(record.lowered[i]) + place, rank,
                {output_gradient + adapter.from, own.count, outputs(which)}, adapter.outputs(), up);
    }
  }
}

// Adds the groups' sums to the factors' gradients, in their order.
void Block::collect_factor_gradients(const float *sums, Gradients &gradients) const {
  const int64_t count = groups();
  const float scale = static_cast<float>(settings_.scale);
  at::parallel_for(0, static_cast<int64_t>(adapters_.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t rank = adapters_[i].rank(), outputs = adapters_[i].outputs();
      const Tensor &down = gradients.factors[2 * i], &up = gradients.factors[2 * i + 1];
      float *const down_to = down.defined() ? numbers(down) : nullptr;
      float *const up_to = up.defined() ? numbers(up) : nullptr;
      for (int64_t group = 0; group < count; ++group) {
        const float *own = sums + group * factor_sums_ + adapters_[i].sums;
        for (int64_t j = 0; down_to != nullptr && j < down.numel(); ++j) down_to[j] += own[j];
        own += adapters_[i].down.numel();
        // [rank, outputs] into [outputs, rank].
        for (int64_t j = 0; up_to != nullptr && j < up.numel(); ++j) {
          up_to[j] += scale * own[j % rank * outputs + j / rank];
        }
      }
    }
  });
}

}  // namespace ctorch
