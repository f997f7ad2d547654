// A matrix in memory, either way round.
#pragma once

#include <cstdint>

namespace ctorch {

// A matrix whose element (row, column) is data[row · row_step + column · column_step]; one of the
// steps is 1.
struct Operand {
  const float *data;
  int64_t row_step, column_step;

  Operand transposed() const { return {data, column_step, row_step}; }
};

}  // namespace ctorch
