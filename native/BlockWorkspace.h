// The memory that a block's passes work in.
#pragma once

#include <array>
#include <vector>

#include "Block.h"

namespace ctorch {

// Memory that does not outlive a call, kept from call to call: fresh memory costs a page fault for
// every 4 KiB. Each thread has its own.
enum class Scratch {
  normed_rows, projection_rows, attended_rows, middle_rows, hidden_rows, active_rows, update_rows,
  first_rows, all_attended, all_middle, all_hidden, all_projections, all_sums,
  all_factor_sums, count
};

float *scratch(Scratch which, int64_t rows, int64_t width);

inline float *numbers(const at::Tensor &tensor) { return tensor.data_ptr<float>(); }
inline const float *constants(const at::Tensor &tensor) { return tensor.const_data_ptr<float>(); }

// What a pass multiplies by.
struct Block::Workspace {
  // One for each weight, by its place among the parameters. Where only first tokens are answered,
  // the projection to queries is apart from that to keys and values.
  std::array<Panels, block::parameter_count> weights;
  Panels queries;
  // Of each adapter: the factor on the side of the outputs, transposed and scaled; and what the rows
  // of a pass become between its factors.
  Buffer up_numbers;
  std::vector<Factor> ups;
  std::vector<float *> lowered;
  // What went into each map, for its weight's gradient; of first tokens apart, for the queries'.
  std::array<Panels, block::parameter_count> inputs;
  Panels first_inputs;

  // The calling thread's, whose memory is kept.
  static Workspace &own() {
    thread_local Workspace workspace;
    return workspace;
  }
};

}  // namespace ctorch
