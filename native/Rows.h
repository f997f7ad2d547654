// What a transformer block does to rows between its matrix products, each in one pass over memory.
//
// All matrices are row-major and contiguous, `width` a multiple of 8. Sums over rows are taken over
// blocks of fixed size in a fixed order, so they do not depend on the number of threads.
#pragma once

#include <cstdint>

#include "ActivationMath.h"

namespace ctorch {

// Layer normalisation of rows of one width (Ba, Kiros and Hinton 2016, arXiv 1607.06450).
struct Norm {
  const float *weight, *bias;
  float epsilon;
};

struct Matrix {
  int64_t rows, width;
};

// output = norm(input), with each row's mean and 1 / standard deviation.
void norm_forward(Matrix size, Norm norm, const float *input, float *output, float *mean,
                  float *deviation);

// sum = input + update + bias, output = norm(sum).
void add_norm_forward(Matrix size, Norm norm, const float *input, const float *update,
                      const float *bias, float *sum, float *output, float *mean, float *deviation);

// output = norm(input) from means and deviations that are known.
void norm_again(Matrix size, Norm norm, const float *input, const float *mean,
                const float *deviation, float *output);

// gradient = residual (null for none) + the norm's gradient of its input, from `output_gradient`;
// where they are not null, adds the gradients of weight and bias, and the column sums of the result.
void norm_backward(Matrix size, Norm norm, const float *input, const float *mean,
                   const float *deviation, const float *output_gradient, const float *residual,
                   float *gradient, float *weight_gradient, float *bias_gradient,
                   float *column_sums);

// output = input + update + bias; output may be the update.
void add_rows(Matrix size, const float *input, const float *update, const float *bias,
              float *output);

// output = activation(input + bias).
void activate(Matrix size, Activation kind, const float *input, const float *bias, float *output);

// gradient *= the activation's derivative at input + bias; output = activation(input + bias) again
// where it is not null; adds the column sums of the new gradient where `column_sums` is not null.
void activate_backward(Matrix size, Activation kind, const float *input, const float *bias,
                       float *gradient, float *output, float *column_sums);

// Adds the sums of the columns.
void add_column_sums(Matrix size, const float *input, float *sums);

}  // namespace ctorch
