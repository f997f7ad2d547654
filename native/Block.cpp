#include "Block.h"

#include "BlockWorkspace.h"
#include "Groups.h"
#include "Internal.h"

namespace ctorch {

using at::Tensor;
using at::TensorList;
using namespace block;

float *scratch(Scratch which, int64_t rows, int64_t width) {
  thread_local std::array<Buffer, static_cast<size_t>(Scratch::count)> buffers;
  return buffers[static_cast<size_t>(which)].floats(rows * width);
}

Block::Block(const BlockSettings &settings, TensorList parameters, TensorList factors,
             const Tensor &input)
    : settings_(settings) {
  TORCH_CHECK(parameters.size() == parameter_count, "a block has 12 parameters");
  TORCH_CHECK(factors.size() == settings.places.size(), "two places for each pair of factors");
  for (int i = 0; i < parameter_count; ++i) {
    TORCH_CHECK(parameters[i].scalar_type() == at::kFloat && parameters[i].is_contiguous(),
                "a block takes contiguous float32 parameters");
    parameters_[i] = parameters[i];
  }
  TORCH_CHECK(input.dim() == 3 && input.scalar_type() == at::kFloat,
              "a block takes float32 [batch, length, width]");
  shape_ = {input.size(0), input.size(1), settings.heads, input.size(2) / settings.heads,
            settings.first ? 1 : input.size(1), settings.causal};
  size_ = {input.size(0) * input.size(1), input.size(2)};
  answered_ = {shape_.batch * shape_.queries, size_.width};
  hidden_ = {answered_.rows, parameters_[expansion_weight].size(0)};
  multiplier_ = multiplier_for(size_.rows);
  answered_multiplier_ =
      settings.first ? multiplier_for_first(answered_.rows, answered_weights()) : multiplier_;
  TORCH_CHECK(shape_.width() == size_.width && shape_.head_width % 8 == 0 && hidden_.width % 8 == 0,
              "the widths of a head and of the hidden layer must be multiples of 8");
  check(norm1_weight, {size_.width});
  check(norm1_bias, {size_.width});
  check(projection_weight, {3 * size_.width, size_.width});
  check(projection_bias, {3 * size_.width});
  check(output_weight, {size_.width, size_.width});
  check(output_bias, {size_.width});
  check(norm2_weight, {size_.width});
  check(norm2_bias, {size_.width});
  check(expansion_weight, {hidden_.width, size_.width});
  check(expansion_bias, {hidden_.width});
  check(contraction_weight, {size_.width, hidden_.width});
  check(contraction_bias, {size_.width});
  for (size_t i = 0; i + 1 < factors.size(); i += 2) {
    const int64_t weight = settings.places[i], from = settings.places[i + 1];
    TORCH_CHECK(weight == projection_weight || weight == output_weight ||
                    weight == expansion_weight || weight == contraction_weight,
                "an adapter updates a weight, not parameter ", weight);
    const Tensor &down = factors[i], &up = factors[i + 1], &own = parameters_[weight];
    TORCH_CHECK(down.dim() == 2 && up.dim() == 2 && down.size(0) == up.size(1) &&
                    down.size(1) == own.size(1) && from >= 0 &&
                    from + up.size(0) <= own.size(0) && down.is_contiguous() &&
                    up.is_contiguous() && up.size(0) % 8 == 0 && down.scalar_type() == at::kFloat &&
                    up.scalar_type() == at::kFloat,
                "the factors of an adapter do not fit parameter ", weight);
    adapters_.push_back({static_cast<Parameter>(weight), from, factor_sums_, down, up});
    factor_sums_ += (own.size(1) + up.size(0)) * down.size(0);
  }
}

void Block::check(Parameter which, at::IntArrayRef sizes) const {
  TORCH_CHECK(parameters_[which].sizes() == sizes, "parameter ", static_cast<int>(which),
              " of a block has the shape ", parameters_[which].sizes(), ", not ", sizes);
}

const float *Block::parameter(Parameter which) const { return constants(parameters_[which]); }

Norm Block::norm(Parameter weight) const {
  return {parameter(weight), parameter(static_cast<Parameter>(weight + 1)),
          static_cast<float>(settings_.epsilon)};
}

int64_t Block::rows(Parameter which) const {
  return which == projection_weight ? size_.rows : answered_.rows;
}

Multiplier Block::multiplier_of(Parameter which) const {
  return which == projection_weight ? multiplier_ : answered_multiplier_;
}

int64_t Block::groups() const { return group_count(multiplier_, shape_.batch, shape_.length); }

Block::Group Block::group(int64_t index, int64_t first, int64_t count) const {
  return {index, first, count, {first * shape_.length, count * shape_.length},
          {first * shape_.queries, count * shape_.queries}};
}

void Block::over_groups(const std::function<void(Group)> &body) const {
  ctorch::over_groups(groups(), shape_.batch, [&](int64_t index, int64_t first, int64_t count) {
    body(group(index, first, count));
  });
}

// What follows attention where only first tokens are answered.
void Block::over_first_groups(const std::function<void(Group)> &body) const {
  const int64_t count = first_group_count(answered_multiplier_, shape_.batch,
                                          answered_weights(), groups());
  ctorch::over_groups(count, shape_.batch, [&](int64_t index, int64_t first, int64_t own) {
    body(group(index, first, own));
  });
}

// Packs what a pass multiplies by: the transposed matrices forward, the matrices backward.
void Block::pack(bool isForward, Workspace &workspace) const {
  std::vector<Panels *> all;
  const auto assign = [&](Panels &panels, Parameter which, int64_t from, int64_t count) {
    const Operand matrix{constants(parameters_[which]) + from * inputs(which), inputs(which), 1};
    if (isForward) {
      panels.assign(multiplier_of(which), matrix.transposed(), inputs(which), count);
    } else {
      panels.assign(multiplier_of(which), matrix, count, inputs(which));
    }
    all.push_back(&panels);
  };
  for (Parameter which : {output_weight, expansion_weight, contraction_weight}) {
    assign(workspace.weights[which], which, 0, outputs(which));
  }
  const int64_t apart = settings_.first ? size_.width : 0;
  assign(workspace.weights[projection_weight], projection_weight, apart, 3 * size_.width - apart);
  if (apart > 0) assign(workspace.queries, projection_weight, 0, apart);
  transpose_ups(workspace);
  Panels::pack(all);
}

// result = input · Wᵀ forward, input · W backward, as packed, with the adapters' share; forward, the
// bias is added by who reads it. Where there is no result, what the adapters' own gradients need.
void Block::multiply(Parameter which, bool isForward, Group group, const float *input,
                     float *result, const Workspace &workspace) const {
  const Panels &panels = workspace.weights[which];
  const Rows own = which == projection_weight ? group.all : group.answered;
  const int64_t from = isForward ? inputs(which) : outputs(which);
  const int64_t to = isForward ? outputs(which) : inputs(which);
  for (size_t i = 0; i < adapters_.size(); ++i) {
    const Adapter &adapter = adapters_[i];
    if (adapter.weight != which) continue;
    // The outputs that an adapter updates lie on the right forward, and on the left backward.
    lower_rows(isForward ? adapter.first() : workspace.ups[i],
               {input + (isForward ? 0 : adapter.from), own.count, from},
               workspace.lowered[i] + own.first * adapter.rank());
  }
  if (result == nullptr) return;
  // Keys and values lie behind the queries.
  const int64_t behind = which == projection_weight && settings_.first ? size_.width : 0;
  panels.multiply(own.count, input + (isForward ? 0 : behind), from,
                  result + (isForward ? behind : 0), to, false);
  if (behind > 0) {
    workspace.queries.multiply(group.sequences, input, shape_.length * from, result,
                               shape_.length * to, !isForward);
  }
  for (size_t i = 0; i < adapters_.size(); ++i) {
    const Adapter &adapter = adapters_[i];
    if (adapter.weight != which) continue;
    raise_rows(isForward ? workspace.ups[i] : adapter.first(),
               workspace.lowered[i] + own.first * adapter.rank(),
               {result + (isForward ? adapter.from : 0), own.count, to});
  }
}

bool Block::needs_inputs(Parameter which, const Gradients &gradients) const {
  if (gradients.parameters[which].defined()) return true;
  for (size_t i = 0; i < adapters_.size(); ++i) {
    if (adapters_[i].weight == which && gradients.factors[2 * i].defined()) return true;
  }
  return false;
}

// Says what the gradients of weights will be made of.
void Block::expect_inputs(const Gradients &gradients, Workspace &workspace) const {
  for (Parameter which : {projection_weight, output_weight, expansion_weight, contraction_weight}) {
    if (!gradients.parameters[which].defined()) continue;
    workspace.inputs[which].expect(multiplier_of(which), rows(which), inputs(which));
  }
  if (settings_.first && gradients.parameters[projection_weight].defined()) {
    workspace.first_inputs.expect(multiplier_, shape_.batch, size_.width);
  }
}

// Adds output_gradientᵀ · inputs to the weight's gradient.
void Block::weight_gradient(Parameter which, const float *output_gradient, Gradients &gradients,
                            const Workspace &workspace) const {
  const Tensor &own = gradients.parameters[which];
  if (!own.defined()) return;
  const int64_t to = outputs(which), from = inputs(which);
  // Keys and values lie behind the queries.
  const bool isSplit = which == projection_weight && settings_.first;
  const int64_t behind = isSplit ? size_.width : 0;
  workspace.inputs[which].add_transposed_product(to - behind, output_gradient + behind, to,
                                                 numbers(own) + behind * from, from);
  if (isSplit) {
    workspace.first_inputs.add_transposed_product(behind, output_gradient, shape_.length * to,
                                                  numbers(own), from);
  }
}

}  // namespace ctorch
