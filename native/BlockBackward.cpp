#include <ATen/ops/empty.h>

#include <algorithm>

#include "BlockWorkspace.h"

namespace ctorch {

using at::Tensor;
using namespace block;

namespace {

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

// A backward pass, in the opposite order. What the weights' gradients are made of outlives the
// groups.
struct Block::Backward {
  const Block &block;
  const Tensor &input;
  const Record &record;
  const Gradients &gradients;
  const int64_t width = block.size_.width, hidden_width = block.hidden_.width;
  const int64_t all = block.size_.rows, answered = block.answered_.rows;
  Workspace &workspace = Workspace::own();
  float *middle_gradient = scratch(Scratch::all_middle, answered, width);
  // Null where no weight's gradient needs all rows of them, but a group its own.
  float *hidden_gradient = needs_all(expansion_weight)
                               ? scratch(Scratch::all_hidden, answered, hidden_width)
                               : nullptr;
  float *projection_gradient = needs_all(projection_weight)
                                   ? scratch(Scratch::all_projections, all, 3 * width)
                                   : nullptr;
  const Sums places{width, hidden_width};
  float *sums = scratch(Scratch::all_sums, block.groups(), places.count);
  // Of each group, what it adds to the gradients of adapters' factors.
  float *factor_sums = scratch(Scratch::all_factor_sums, block.groups(), block.factor_sums_);
  Tensor result = {};

  bool needs_all(Parameter which) const { return gradients.parameters[which].defined(); }

  float *sum(Group group, Parameter which, int64_t place) const {
    return needs_all(which) ? sums + group.index * places.count + place : nullptr;
  }

  // Memory for what went into a map, where its weight's gradient or an adapter's is made of it.
  float *inputs(Parameter which, Scratch where, Rows rows) const {
    if (!block.needs_inputs(which, gradients)) return nullptr;
    float *place = needs_all(which) ? workspace.inputs[which].place(rows.first) : nullptr;
    return place != nullptr ? place : scratch(where, rows.count, block.inputs(which));
  }

  // Takes what went into a map (null where nothing needs it) and the gradient of what came out:
  // packed for its weight's gradient, and at once for its adapters'.
  void take(Parameter which, Group group, const float *given, const float *rows) const {
    if (rows == nullptr) return;
    if (needs_all(which)) {
      const int64_t own = block.inputs(which);
      const Rows place = which == projection_weight ? group.all : group.answered;
      workspace.inputs[which].put(place.first, place.count, rows, own);
      if (which == projection_weight && block.settings_.first) {
        workspace.first_inputs.put(group.first_sequence, group.sequences, rows,
                                   block.shape_.length * own);
      }
    }
    block.add_factor_gradients(which, group, given, rows, record, gradients, workspace,
                               factor_sums + group.index * block.factor_sums_);
  }

  // From the output's gradient to that of `middle` and, returned, of what attention answered.
  const float *transform(Group group, const float *given) const {
    const Matrix rows = group.answered.of(width);
    const int64_t first = group.answered.first;
    const float *y = constants(record.middle) + first * width;
    const float *mean = constants(record.statistics2) + first, *deviation = mean + answered;
    float *update = scratch(Scratch::update_rows, group.all.count, width);
    float *hidden = hidden_gradient != nullptr
                        ? hidden_gradient + first * hidden_width
                        : scratch(Scratch::hidden_rows, rows.rows, hidden_width);
    float *middle = middle_gradient + first * width;
    float *active = inputs(contraction_weight, Scratch::active_rows, group.answered);
    if (float *total = sum(group, contraction_bias, places.contraction_bias)) {
      add_column_sums(rows, given, total);
    }
    block.multiply(contraction_weight, false, group, given, hidden, workspace);
    activate_backward(group.answered.of(hidden_width), block.settings_.activation,
                      constants(record.hidden) + first * hidden_width,
                      block.parameter(expansion_bias), hidden,
                      active, sum(group, expansion_bias, places.expansion_bias));
    take(contraction_weight, group, given, active);
    float *normed = inputs(expansion_weight, Scratch::normed_rows, group.answered);
    if (normed != nullptr) {
      norm_again(rows, block.norm(norm2_weight), y, mean, deviation, normed);
    }
    block.multiply(expansion_weight, false, group, hidden, update, workspace);
    take(expansion_weight, group, hidden, normed);
    norm_backward(rows, block.norm(norm2_weight), y, mean, deviation, update, given, middle,
                  sum(group, norm2_weight, places.norm2_weight),
                  sum(group, norm2_bias, places.norm2_bias),
                  sum(group, output_bias, places.output_bias));
    block.multiply(output_weight, false, group, middle, update, workspace);
    return update;
  }

  // From there to the input's gradient; `residual` is what else it gets.
  void attend(Group group, const float *given, const float *residual) const {
    const int64_t first = group.all.first;
    const float *x = constants(input) + first * width;
    const float *mean = constants(record.statistics1) + first, *deviation = mean + all;
    float *projections = projection_gradient != nullptr
                             ? projection_gradient + first * 3 * width
                             : scratch(Scratch::projection_rows, group.all.count, 3 * width);
    float *attended = inputs(output_weight, Scratch::attended_rows, group.answered);
    AttentionShape shape = block.shape_;
    shape.batch = group.sequences;
    attention_backward(shape, constants(record.projections) + first * 3 * width,
                       constants(record.log_sums) + group.answered.first * shape.heads, given,
                       projections, attended);
    take(output_weight, group, middle_gradient + group.answered.first * width, attended);
    if (float *total = sum(group, projection_bias, places.projection_bias)) {
      add_column_sums(group.all.of(3 * width), projections, total);
    }
    float *normed = inputs(projection_weight, Scratch::normed_rows, group.all);
    if (normed != nullptr) {
      norm_again(group.all.of(width), block.norm(norm1_weight), x, mean, deviation, normed);
    }
    float *update =
        result.defined() ? scratch(Scratch::update_rows, group.all.count, width) : nullptr;
    block.multiply(projection_weight, false, group, projections, update, workspace);
    take(projection_weight, group, projections, normed);
    if (update == nullptr) return;
    norm_backward(group.all.of(width), block.norm(norm1_weight), x, mean, deviation, update,
                  residual, numbers(result) + first * width,
                  sum(group, norm1_weight, places.norm1_weight),
                  sum(group, norm1_bias, places.norm1_bias), nullptr);
  }

  // Adds the groups' sums, in their order.
  void add_sums() const {
    for (auto [which, place] :
         {std::pair{contraction_bias, places.contraction_bias},
          {expansion_bias, places.expansion_bias}, {norm2_weight, places.norm2_weight},
          {norm2_bias, places.norm2_bias}, {output_bias, places.output_bias},
          {projection_bias, places.projection_bias}, {norm1_weight, places.norm1_weight},
          {norm1_bias, places.norm1_bias}}) {
      const Tensor &total = gradients.parameters[which];
      if (!total.defined()) continue;
      float *to = numbers(total);
      for (int64_t group = 0; group < block.groups(); ++group) {
        const float *from = sums + group * places.count + place;
        for (int64_t i = 0; i < total.numel(); ++i) to[i] += from[i];
      }
    }
  }
};

Tensor Block::backward(const Tensor &input, const Record &record, const Tensor &output_gradient,
                       Gradients &gradients) const {
  const Tensor given_rows = output_gradient.contiguous();
  const float *given = constants(given_rows);
  const int64_t width = size_.width;
  Backward pass{*this, input, record, gradients};
  pack(false, pass.workspace);
  expect_inputs(gradients, pass.workspace);
  const std::vector<Tensor> lowered = lower(pass.workspace);
  std::fill_n(pass.sums, groups() * pass.places.count, 0.0f);
  std::fill_n(pass.factor_sums, groups() * factor_sums_, 0.0f);
  if (gradients.input || gradients.parameters[norm1_weight].defined()) {
    pass.result = at::empty(input.sizes(), at::kFloat);
  }
  if (!settings_.first) {
    over_groups([&](Group group) {
      const int64_t first = group.all.first * width;
      const float *attended_gradient = pass.transform(group, given + first);
      pass.attend(group, attended_gradient, pass.middle_gradient + first);
    });
  } else {
    // The gradient of what attention answered is read while scratch memory is written.
    float *const firsts = scratch(Scratch::first_rows, answered_.rows, width);
    over_first_groups([&](Group group) {
      const int64_t first = group.answered.first * width;
      const float *update = pass.transform(group, given + first);
      std::copy_n(update, group.answered.count * width, firsts + first);
    });
    over_groups([&](Group group) {
      // Only first tokens go on past attention.
      float *residual = scratch(Scratch::middle_rows, group.all.count, width);
      std::fill_n(residual, group.all.count * width, 0.0f);
      for (int64_t i = 0; i < group.sequences; ++i) {
        std::copy_n(pass.middle_gradient + (group.first_sequence + i) * width, width,
                    residual + i * shape_.length * width);
      }
      pass.attend(group, firsts + group.answered.first * width, residual);
    });
  }
  pass.add_sums();
  weight_gradient(contraction_weight, given, gradients, pass.workspace);
  weight_gradient(expansion_weight, pass.hidden_gradient, gradients, pass.workspace);
  weight_gradient(output_weight, pass.middle_gradient, gradients, pass.workspace);
  weight_gradient(projection_weight, pass.projection_gradient, gradients, pass.workspace);
  collect_factor_gradients(pass.factor_sums, gradients);
  return gradients.input ? pass.result : Tensor();
}

}  // namespace ctorch
