#include "Block.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <deque>

#include "Internal.h"

namespace ctorch {

using at::Tensor;
using at::TensorList;
using namespace block;

namespace {

// Rows that a thread takes at once, about: their hidden layer should stay in its cache.
constexpr int64_t kGroupRows = 128;
// Fewer rows than these do not repay the packing of a weight.
constexpr int64_t kLeastRows = 512;

float *numbers(const Tensor &tensor) { return tensor.data_ptr<float>(); }
const float *constants(const Tensor &tensor) { return tensor.const_data_ptr<float>(); }

// Memory that does not outlive a call, kept from call to call: fresh memory costs a page fault for
// every 4 KiB. Each thread has its own.
enum Scratch {
  normed_rows, projection_rows, attended_rows, middle_rows, hidden_rows, active_rows, update_rows,
  all_normed1, all_normed2, all_middle, all_hidden, all_active, all_projections, all_sums,
  scratch_count
};

float *scratch(Scratch which, int64_t rows, int64_t width) {
  thread_local std::array<Buffer, scratch_count> buffers;
  return buffers[which].floats(rows * width);
}

// The sums of columns that a group of rows adds to gradients, side by side.
struct Sums {
  int64_t contraction_bias, expansion_bias, norm2_weight, norm2_bias, output_bias, projection_bias,
      norm1_weight, norm1_bias, count;

  Sums(int64_t width, int64_t hidden) {
    int64_t next = 0;
    const auto take = [&](int64_t own) { return (next += own) - own; };
    contraction_bias = take(width);
    expansion_bias = take(hidden);
    norm2_weight = take(width);
    norm2_bias = take(width);
    output_bias = take(width);
    projection_bias = take(3 * width);
    norm1_weight = take(width);
    norm1_bias = take(width);
    count = next;
  }
};

}  // namespace

struct Block::Workspace {
  // One for each weight, by its place among the parameters.
  std::array<Panels, parameter_count> weights;
  // Of each adapter: the factors in the order of a pass, and the other factor's rows.
  std::deque<std::array<Panels, 2>> factors;
  std::vector<float *> lowered;
  Panels inputs;

  // The calling thread's, whose memory is kept.
  static Workspace &own() {
    thread_local Workspace workspace;
    return workspace;
  }
};

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
            settings.causal};
  size_ = {input.size(0) * input.size(1), input.size(2)};
  hidden_ = {size_.rows, parameters_[expansion_weight].size(0)};
  multiplier_ = size_.rows < kLeastRows ? Multiplier::libtorch : multiplier();
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
                    up.is_contiguous() && down.scalar_type() == at::kFloat &&
                    up.scalar_type() == at::kFloat,
                "the factors of an adapter do not fit parameter ", weight);
    adapters_.push_back({static_cast<Parameter>(weight), from, down, up});
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

// Of a size that depends on the shape alone, so that sums over rows do not depend on threads.
int64_t Block::groups() const {
  // Libtorch's kernels pack for every product, so that they take all rows at once.
  if (multiplier_ == Multiplier::libtorch) return 1;
  const int64_t most = std::max<int64_t>(kGroupRows / std::max<int64_t>(shape_.length, 1), 1);
  const int64_t each = std::max<int64_t>(std::min(most, shape_.batch / 8), 1);
  return (shape_.batch + each - 1) / each;
}

void Block::over_groups(const std::function<void(Group)> &body) const {
  const int64_t count = groups();
  const auto run = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i * shape_.batch / count, last = (i + 1) * shape_.batch / count;
      body({i, first, last - first, first * shape_.length, (last - first) * shape_.length});
    }
  };
  // With fewer groups than threads, the passes within a group share out their rows instead.
  if (count < at::get_num_threads()) return run(0, count);
  at::parallel_for(0, count, 1, run);
}

// Packs what a pass multiplies by: the transposed matrices forward, the matrices backward.
void Block::pack(Parameter which, bool isForward, Workspace &workspace) const {
  const Tensor &weight = parameters_[which];
  const int64_t outputs = weight.size(0), inputs = weight.size(1);
  const Operand matrix{constants(weight), inputs, 1};
  Panels &panels = workspace.weights[which];
  if (isForward) {
    panels.pack(multiplier_, matrix.transposed(), inputs, outputs);
  } else {
    panels.pack(multiplier_, matrix, outputs, inputs);
  }
  if (workspace.factors.size() < adapters_.size()) workspace.factors.resize(adapters_.size());
  const float scale = static_cast<float>(settings_.scale);
  for (size_t i = 0; i < adapters_.size(); ++i) {
    const Adapter &adapter = adapters_[i];
    if (adapter.weight != which) continue;
    const Operand down{constants(adapter.down), inputs, 1};
    const Operand up{constants(adapter.up), adapter.rank(), 1};
    auto &[first, second] = workspace.factors[i];
    if (isForward) {
      first.pack(multiplier_, down.transposed(), inputs, adapter.rank());
      second.pack(multiplier_, up.transposed(), adapter.rank(), adapter.outputs(), scale);
    } else {
      first.pack(multiplier_, up, adapter.outputs(), adapter.rank(), scale);
      second.pack(multiplier_, down, adapter.rank(), inputs);
    }
  }
}

// result = input · Wᵀ forward, input · W backward, as packed, with the adapters' share; forward, the
// bias is added by who reads it. Where there is no result, what the adapters' own gradients need.
void Block::multiply(Parameter which, bool isForward, Group group, const float *input,
                     float *result, const Workspace &workspace) const {
  const Panels &panels = workspace.weights[which];
  if (result != nullptr) {
    panels.multiply(group.rows, input, panels.depth(), result, panels.width(), false);
  }
  for (size_t i = 0; i < adapters_.size(); ++i) {
    const Adapter &adapter = adapters_[i];
    if (adapter.weight != which) continue;
    const auto &[first, second] = workspace.factors[i];
    float *lowered = workspace.lowered[i] + group.first_row * adapter.rank();
    // The outputs that an adapter updates lie on the right forward, and on the left backward.
    first.multiply(group.rows, input + (isForward ? 0 : adapter.from), panels.depth(), lowered,
                   adapter.rank(), false);
    if (result == nullptr) continue;
    second.multiply(group.rows, lowered, adapter.rank(), result + (isForward ? adapter.from : 0),
                    panels.width(), true);
  }
}

bool Block::needs_inputs(Parameter which, const Gradients &gradients) const {
  if (gradients.parameters[which].defined()) return true;
  for (size_t i = 0; i < adapters_.size(); ++i) {
    if (adapters_[i].weight == which && gradients.factors[2 * i].defined()) return true;
  }
  return false;
}

// Adds output_gradientᵀ · input to the weight's gradient, and the adapters' likewise.
void Block::weight_gradient(Parameter which, const float *output_gradient, const float *input,
                            const Record &record, Gradients &gradients,
                            Workspace &workspace) const {
  const int64_t outputs = parameters_[which].size(0), inputs = parameters_[which].size(1);
  Panels &panels = workspace.inputs;
  if (needs_inputs(which, gradients)) {
    panels.pack(multiplier_, {input, inputs, 1}, size_.rows, inputs);
  }
  const Tensor &own = gradients.parameters[which];
  if (own.defined()) {
    panels.add_transposed_product(outputs, output_gradient, outputs, numbers(own), inputs);
  }
  for (size_t i = 0; i < adapters_.size(); ++i) {
    const Adapter &adapter = adapters_[i];
    if (adapter.weight != which) continue;
    const Tensor &down = gradients.factors[2 * i], &up = gradients.factors[2 * i + 1];
    if (down.defined()) {
      panels.add_transposed_product(adapter.rank(), workspace.lowered[i], adapter.rank(),
                                    numbers(down), inputs);
    }
    if (up.defined()) {
      Panels lowered;
      lowered.pack(multiplier_, {constants(record.lowered[i]), adapter.rank(), 1}, size_.rows,
                   adapter.rank(), static_cast<float>(settings_.scale));
      lowered.add_transposed_product(adapter.outputs(), output_gradient + adapter.from, outputs,
                                     numbers(up), adapter.rank());
    }
  }
}

Tensor Block::forward(const Tensor &input, Record *record) const {
  Workspace &workspace = Workspace::own();
  for (Parameter which : {projection_weight, output_weight, expansion_weight, contraction_weight}) {
    pack(which, true, workspace);
  }
  const auto fresh = [&](int64_t width) { return at::empty({size_.rows, width}, at::kFloat); };
  workspace.lowered.clear();
  std::vector<Tensor> lowered;
  for (const Adapter &adapter : adapters_) {
    lowered.push_back(fresh(adapter.rank()));
    workspace.lowered.push_back(numbers(lowered.back()));
  }
  const Tensor output = at::empty(input.sizes(), at::kFloat);
  const Tensor statistics = at::empty({4, size_.rows}, at::kFloat);
  if (record != nullptr) {
    *record = {fresh(3 * size_.width), fresh(size_.width),
               at::empty({size_.rows * shape_.heads}, at::kFloat),
               fresh(size_.width),     fresh(hidden_.width),
               statistics,             std::move(lowered)};
  }
  over_groups([&](Group group) {
    const Matrix rows = part(size_, group), hidden_part = part(hidden_, group);
    const auto place = [&](const Tensor &kept, Scratch otherwise, int64_t width) {
      return record != nullptr ? numbers(kept) + group.first_row * width
                               : scratch(otherwise, group.rows, width);
    };
    const auto statistic = [&](int64_t which) {
      return numbers(statistics) + which * size_.rows + group.first_row;
    };
    const float *x = constants(input) + group.first_row * size_.width;
    float *z = numbers(output) + group.first_row * size_.width;
    const Record none, &kept = record != nullptr ? *record : none;
    float *projections = place(kept.projections, projection_rows, 3 * size_.width);
    float *attended = place(kept.attended, attended_rows, size_.width);
    float *middle = place(kept.middle, middle_rows, size_.width);
    float *hidden = place(kept.hidden, hidden_rows, hidden_.width);
    float *normed = scratch(normed_rows, group.rows, size_.width);
    float *active = scratch(active_rows, group.rows, hidden_.width);

    norm_forward(rows, norm(norm1_weight), x, normed, statistic(0), statistic(1));
    multiply(projection_weight, true, group, normed, projections, workspace);
    AttentionShape shape = shape_;
    shape.batch = group.sequences;
    attention_forward(shape, projections, parameter(projection_bias), attended,
                      record == nullptr
                          ? nullptr
                          : numbers(record->log_sums) + group.first_row * shape_.heads);
    multiply(output_weight, true, group, attended, z, workspace);
    add_norm_forward(rows, norm(norm2_weight), x, z, parameter(output_bias), middle, normed,
                     statistic(2), statistic(3));
    multiply(expansion_weight, true, group, normed, hidden, workspace);
    activate(hidden_part, settings_.activation, hidden, parameter(expansion_bias), active);
    multiply(contraction_weight, true, group, active, z, workspace);
    add_rows(rows, middle, z, parameter(contraction_bias), z);
  });
  return output;
}

Tensor Block::backward(const Tensor &input, const Record &record, const Tensor &output_gradient,
                       Gradients &gradients) const {
  const Tensor given_rows = output_gradient.contiguous();
  Workspace &workspace = Workspace::own();
  const bool goes_on = gradients.input || gradients.parameters[norm1_weight].defined();
  for (Parameter which : {projection_weight, output_weight, expansion_weight, contraction_weight}) {
    pack(which, false, workspace);
  }
  workspace.lowered.clear();
  std::vector<Tensor> lowered;
  for (const Adapter &adapter : adapters_) {
    lowered.push_back(at::empty({size_.rows, adapter.rank()}, at::kFloat));
    workspace.lowered.push_back(numbers(lowered.back()));
  }
  Tensor result;
  if (goes_on) result = at::empty(input.sizes(), at::kFloat);

  // What the weights' gradients are made of outlives the groups.
  const int64_t width = size_.width;
  float *const normed1 = scratch(all_normed1, size_.rows, width);
  float *const normed2 = scratch(all_normed2, size_.rows, width);
  float *const middle_gradient = scratch(all_middle, size_.rows, width);
  float *const hidden_gradient = scratch(all_hidden, size_.rows, hidden_.width);
  float *const active = scratch(all_active, size_.rows, hidden_.width);
  float *const projection_gradient = scratch(all_projections, size_.rows, 3 * width);
  const Sums places(width, hidden_.width);
  float *const sums = scratch(all_sums, groups(), places.count);
  std::fill(sums, sums + groups() * places.count, 0.0f);
  const bool keeps_active = needs_inputs(contraction_weight, gradients);
  const bool keeps_normed2 = needs_inputs(expansion_weight, gradients);
  const bool keeps_normed1 = needs_inputs(projection_weight, gradients);

  over_groups([&](Group group) {
    const Matrix rows = part(size_, group), hidden_part = part(hidden_, group);
    const auto at = [&](float *all, int64_t columns) { return all + group.first_row * columns; };
    const auto kept = [&](const Tensor &all, int64_t columns) {
      return constants(all) + group.first_row * columns;
    };
    const auto statistic = [&](int64_t which) {
      return constants(record.statistics) + which * size_.rows + group.first_row;
    };
    float *const own = sums + group.index * places.count;
    const auto sum = [&](Parameter which, int64_t place) {
      return gradients.parameters[which].defined() ? own + place : nullptr;
    };
    const float *given = kept(given_rows, width);
    const float *x = kept(input, width);
    const float *y = kept(record.middle, width);
    float *update = scratch(update_rows, group.rows, width);
    float *hidden = at(hidden_gradient, hidden_.width);
    float *middle = at(middle_gradient, width);
    float *projections = at(projection_gradient, 3 * width);

    if (float *total = sum(contraction_bias, places.contraction_bias)) {
      add_column_sums(rows, given, total);
    }
    multiply(contraction_weight, false, group, given, hidden, workspace);
    activate_backward(hidden_part, settings_.activation, kept(record.hidden, hidden_.width),
                      parameter(expansion_bias), hidden,
                      keeps_active ? at(active, hidden_.width) : nullptr,
                      sum(expansion_bias, places.expansion_bias));
    if (keeps_normed2) {
      norm_again(rows, norm(norm2_weight), y, statistic(2), statistic(3), at(normed2, width));
    }
    multiply(expansion_weight, false, group, hidden, update, workspace);
    norm_backward(rows, norm(norm2_weight), y, statistic(2), statistic(3), update, given, middle,
                  sum(norm2_weight, places.norm2_weight), sum(norm2_bias, places.norm2_bias),
                  sum(output_bias, places.output_bias));
    multiply(output_weight, false, group, middle, update, workspace);
    AttentionShape shape = shape_;
    shape.batch = group.sequences;
    attention_backward(shape, kept(record.projections, 3 * width), kept(record.attended, width),
                       kept(record.log_sums, shape_.heads), update, projections);
    if (float *total = sum(projection_bias, places.projection_bias)) {
      add_column_sums({group.rows, 3 * width}, projections, total);
    }
    if (keeps_normed1) {
      norm_again(rows, norm(norm1_weight), x, statistic(0), statistic(1), at(normed1, width));
    }
    multiply(projection_weight, false, group, projections, goes_on ? update : nullptr,
             workspace);
    if (!goes_on) return;
    norm_backward(rows, norm(norm1_weight), x, statistic(0), statistic(1), update, middle,
                  numbers(result) + group.first_row * width,
                  sum(norm1_weight, places.norm1_weight), sum(norm1_bias, places.norm1_bias),
                  nullptr);
  });

  for (auto [which, place] :
       {std::pair{contraction_bias, places.contraction_bias},
        {expansion_bias, places.expansion_bias}, {norm2_weight, places.norm2_weight},
        {norm2_bias, places.norm2_bias}, {output_bias, places.output_bias},
        {projection_bias, places.projection_bias}, {norm1_weight, places.norm1_weight},
        {norm1_bias, places.norm1_bias}}) {
    const Tensor &total = gradients.parameters[which];
    if (!total.defined()) continue;
    float *to = numbers(total);
    for (int64_t group = 0; group < groups(); ++group) {
      const float *from = sums + group * places.count + place;
      for (int64_t i = 0; i < total.numel(); ++i) to[i] += from[i];
    }
  }
  const float *given = constants(given_rows);
  weight_gradient(contraction_weight, given, active, record, gradients, workspace);
  weight_gradient(expansion_weight, hidden_gradient, normed2, record, gradients, workspace);
  weight_gradient(output_weight, middle_gradient, constants(record.attended), record, gradients,
                  workspace);
  weight_gradient(projection_weight, projection_gradient, normed1, record, gradients, workspace);
  return gradients.input ? result : Tensor();
}

}  // namespace ctorch
