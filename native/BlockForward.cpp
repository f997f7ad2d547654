#include <ATen/ops/empty.h>

#include <algorithm>

#include "BlockWorkspace.h"

namespace ctorch {

using at::Tensor;
using namespace block;

// A forward pass: attention over groups of sequences, then the rest over the rows it answers.
struct Block::Forward {
  const Block &block;
  const Tensor &input;
  Record *record;
  Workspace &workspace = Workspace::own();
  Tensor output = {};

  // Where a group's rows are kept for the backward pass; else scratch memory.
  float *place(const Tensor &kept, Rows rows, Scratch otherwise, int64_t width) const {
    return record != nullptr ? numbers(kept) + rows.first * width
                             : scratch(otherwise, rows.count, width);
  }

  // attention(norm(x)) of a group, without the output projection.
  float *attended(Group group, const Record &kept) const {
    const int64_t width = block.size_.width;
    const float *x = constants(input) + group.all.first * width;
    float *normed = scratch(Scratch::normed_rows, group.all.count, width);
    float *projections =
        place(kept.projections, group.all, Scratch::projection_rows, 3 * width);
    float *statistics = numbers(kept.statistics1) + group.all.first;
    norm_forward(group.all.of(width), block.norm(norm1_weight), x, normed, statistics,
                 statistics + block.size_.rows);
    block.multiply(projection_weight, true, group, normed, projections, workspace);
    AttentionShape shape = block.shape_;
    shape.batch = group.sequences;
    float *result = scratch(Scratch::attended_rows, group.answered.count, width);
    attention_forward(shape, projections, block.parameter(projection_bias), result,
                      record == nullptr
                          ? nullptr
                          : numbers(kept.log_sums) + group.answered.first * shape.heads);
    return result;
  }

  // What is left of the block, for rows that attention has answered.
  void transform(Group group, const Record &kept, const float *x, const float *attended) const {
    const int64_t width = block.size_.width, hidden_width = block.hidden_.width;
    const Matrix rows = group.answered.of(width);
    float *z = numbers(output) + group.answered.first * width;
    float *middle = place(kept.middle, group.answered, Scratch::middle_rows, width);
    float *hidden = place(kept.hidden, group.answered, Scratch::hidden_rows, hidden_width);
    float *normed = scratch(Scratch::normed_rows, rows.rows, width);
    float *active = scratch(Scratch::active_rows, rows.rows, hidden_width);
    float *statistics = numbers(kept.statistics2) + group.answered.first;
    block.multiply(output_weight, true, group, attended, z, workspace);
    add_norm_forward(rows, block.norm(norm2_weight), x, z, block.parameter(output_bias), middle,
                     normed, statistics, statistics + block.answered_.rows);
    block.multiply(expansion_weight, true, group, normed, hidden, workspace);
    activate(group.answered.of(hidden_width), block.settings_.activation, hidden,
             block.parameter(expansion_bias), active);
    block.multiply(contraction_weight, true, group, active, z, workspace);
    add_rows(rows, middle, z, block.parameter(contraction_bias), z);
  }
};

Tensor Block::forward(const Tensor &input, Record *record) const {
  Forward pass{*this, input, record};
  pack(true, pass.workspace);
  const int64_t width = size_.width;
  const auto fresh = [](int64_t rows, int64_t columns) {
    return at::empty({rows, columns}, at::kFloat);
  };
  pass.output = settings_.first ? fresh(shape_.batch, width) : at::empty(input.sizes(), at::kFloat);
  Record kept;
  kept.statistics1 = fresh(2, size_.rows);
  kept.statistics2 = fresh(2, answered_.rows);
  kept.lowered = lower(pass.workspace);
  if (record != nullptr) {
    kept.projections = fresh(size_.rows, 3 * width);
    kept.log_sums = fresh(answered_.rows, shape_.heads);
    kept.middle = fresh(answered_.rows, width);
    kept.hidden = fresh(answered_.rows, hidden_.width);
    *record = kept;
  }
  const float *x = constants(input);
  if (!settings_.first) {
    over_groups([&](Group group) {
      pass.transform(group, kept, x + group.all.first * width, pass.attended(group, kept));
    });
    return pass.output;
  }
  float *const attended = scratch(Scratch::all_attended, answered_.rows, width);
  float *const firsts = scratch(Scratch::first_rows, answered_.rows, width);
  over_groups([&](Group group) {
    const float *own = pass.attended(group, kept);
    std::copy_n(own, group.answered.count * width, attended + group.answered.first * width);
    for (int64_t i = group.first_sequence; i < group.first_sequence + group.sequences; ++i) {
      std::copy_n(x + i * shape_.length * width, width, firsts + i * width);
    }
  });
  over_first_groups([&](Group group) {
    const int64_t first = group.answered.first * width;
    pass.transform(group, kept, firsts + first, attended + first);
  });
  return pass.output;
}

}  // namespace ctorch
