#include "Embedding.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

#include "Groups.h"
#include "Vectorised.h"

namespace ctorch {

using at::Tensor;

namespace {

// Rows whose patches are cut out together for the weight's gradient.
constexpr int64_t kGradientRows = 1024;

// Adds positions to the rows of images, and the class token to the first of each.
struct AddPositions {
  template <int WIDTH>
  CT_INLINE static void run(float *tokens, const float *positions, const float *class_token,
                            int64_t images, int64_t length, int64_t width) {
    for (int64_t image = 0; image < images; ++image) {
      float *first = tokens + image * length * width;
      for (int64_t i = 0; i < width; i += WIDTH) {
        store(first + i, load<WIDTH>(class_token + i));
      }
      for (int64_t i = 0; i < length * width; i += WIDTH) {
        store(first + i, load<WIDTH>(first + i) + load<WIDTH>(positions + i));
      }
    }
  }
};

// to += the sum of a row over all images.
struct AddImages {
  template <int WIDTH>
  CT_INLINE static void run(const float *rows, int64_t images, int64_t step, int64_t width,
                            float *to) {
    for (int64_t i = 0; i < width; i += WIDTH) {
      auto total = splat<Floats<WIDTH>>(0);
      for (int64_t image = 0; image < images; ++image) {
        total += load<WIDTH>(rows + image * step + i);
      }
      store(to + i, load<WIDTH>(to + i) + total);
    }
  }
};

// A line of a patch: too short for a call.
inline void copy_line(const float *from, int64_t count, float *to) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) store(to + i, load<8>(from + i));
  for (; i < count; ++i) to[i] = from[i];
}

const float *constants(const Tensor &tensor) { return tensor.const_data_ptr<float>(); }

}  // namespace

Embedding::Embedding(const Parameters &parameters, const Tensor &pixels, double epsilon)
    : parameters_(parameters), pixels_(pixels), epsilon_(static_cast<float>(epsilon)) {
  for (const Tensor &parameter : parameters) {
    TORCH_CHECK(parameter.scalar_type() == at::kFloat && parameter.is_contiguous(),
                "an embedding takes contiguous float32 parameters");
  }
  const Tensor &patch = parameters[patch_weight];
  TORCH_CHECK(patch.dim() == 4 && patch.size(2) == patch.size(3) && patch.size(2) > 0,
              "an embedding's patches are [width, channels, side, side]");
  TORCH_CHECK(pixels.dim() == 4 && pixels.scalar_type() == at::kFloat && pixels.is_contiguous() &&
                  pixels.size(1) == patch.size(1),
              "an embedding takes contiguous float32 pixels [batch, channels, height, width]");
  side_ = patch.size(2);
  TORCH_CHECK(pixels.size(2) % side_ == 0 && pixels.size(3) % side_ == 0,
              "images must be whole patches high and wide");
  batch_ = pixels.size(0);
  rows_down_ = pixels.size(2) / side_;
  rows_across_ = pixels.size(3) / side_;
  length_ = 1 + rows_down_ * rows_across_;
  width_ = patch.size(0);
  depth_ = patch.size(1) * side_ * side_;
  TORCH_CHECK(width_ % 8 == 0, "the width of an embedding must be a multiple of 8");
  TORCH_CHECK(parameters[positions].sizes() == at::IntArrayRef({length_, width_}),
              "an embedding of ", length_, " tokens has positions ",
              parameters[positions].sizes());
  for (Parameter which : {class_token, norm_weight, norm_bias}) {
    TORCH_CHECK(parameters[which].sizes() == at::IntArrayRef({width_}),
                "a vector of an embedding has the shape ", parameters[which].sizes());
  }
  multiplier_ = multiplier_for(count());
}

Norm Embedding::norm() const {
  return {constants(parameters_[norm_weight]), constants(parameters_[norm_bias]), epsilon_};
}

Operand Embedding::weight() const { return {constants(parameters_[patch_weight]), depth_, 1}; }

// Calls body(first image, images) for groups of images, in parallel.
void Embedding::over_images(const std::function<void(int64_t, int64_t)> &body) const {
  over_groups(group_count(multiplier_, batch_, length_), batch_,
              [&](int64_t, int64_t first, int64_t images) { body(first, images); });
}

// Patches [images, length, depth], each as its weight is laid out; that of a class token is zero.
void Embedding::cut(int64_t first, int64_t images, float *patches) const {
  const int64_t channels = pixels_.size(1), height = pixels_.size(2), across = pixels_.size(3);
  for (int64_t image = first; image < first + images; ++image) {
    const float *from = constants(pixels_) + image * channels * height * across;
    std::fill_n(patches, depth_, 0.0f);
    patches += depth_;
    for (int64_t row = 0; row < rows_down_; ++row) {
      for (int64_t column = 0; column < rows_across_; ++column) {
        for (int64_t line = 0; line < channels * side_; ++line, patches += side_) {
          const int64_t y = line / side_ * height + row * side_ + line % side_;
          copy_line(from + y * across + column * side_, side_, patches);
        }
      }
    }
  }
}

// The opposite: every pixel belongs to one patch.
void Embedding::paste(int64_t first, int64_t images, const float *patches, float *pixels) const {
  const int64_t channels = pixels_.size(1), height = pixels_.size(2), across = pixels_.size(3);
  for (int64_t image = first; image < first + images; ++image) {
    float *to = pixels + image * channels * height * across;
    patches += depth_;
    for (int64_t row = 0; row < rows_down_; ++row) {
      for (int64_t column = 0; column < rows_across_; ++column) {
        for (int64_t line = 0; line < channels * side_; ++line, patches += side_) {
          const int64_t y = line / side_ * height + row * side_ + line % side_;
          copy_line(patches, side_, to + y * across + column * side_);
        }
      }
    }
  }
}

Tensor Embedding::forward(Record &record) const {
  record.tokens = at::empty({batch_, length_, width_}, at::kFloat);
  record.statistics = at::empty({2, count()}, at::kFloat);
  const Tensor output = at::empty({batch_, length_, width_}, at::kFloat);
  Panels packed;
  packed.assign(multiplier_, weight().transposed(), depth_, width_);
  Panels::pack({&packed});
  float *const all = record.tokens.data_ptr<float>();
  float *const statistics = record.statistics.data_ptr<float>();
  over_images([&](int64_t first, int64_t images) {
    const int64_t rows = images * length_, row = first * length_;
    thread_local Buffer patches;
    float *own = patches.floats(rows * depth_);
    float *tokens = all + row * width_;
    cut(first, images, own);
    packed.multiply(rows, own, depth_, tokens, width_, false);
    vectorised<AddPositions>(width_, tokens, constants(parameters_[positions]),
                             constants(parameters_[class_token]), images, length_, width_);
    norm_forward({rows, width_}, norm(), tokens, output.data_ptr<float>() + row * width_,
                 statistics + row, statistics + count() + row);
  });
  return output;
}

Tensor Embedding::backward(const Record &record, const Tensor &output_gradient,
                           Parameters &gradients, bool needs_pixels) const {
  const Tensor given = output_gradient.contiguous();
  const float *statistics = constants(record.statistics);
  thread_local Buffer buffer;
  float *const tokens = buffer.floats(count() * width_);
  const auto sums = [](const Tensor &gradient) {
    return gradient.defined() ? gradient.data_ptr<float>() : nullptr;
  };
  norm_backward({count(), width_}, norm(), constants(record.tokens), statistics,
                statistics + count(), constants(given), nullptr, tokens,
                sums(gradients[norm_weight]), sums(gradients[norm_bias]), nullptr);
  add_position_gradients(tokens, gradients);
  if (gradients[patch_weight].defined()) add_patch_gradient(tokens, gradients[patch_weight]);
  if (!needs_pixels) return {};
  Panels packed;
  packed.assign(multiplier_, weight(), width_, depth_);
  Panels::pack({&packed});
  const Tensor result = at::empty(pixels_.sizes(), at::kFloat);
  over_images([&](int64_t first, int64_t images) {
    const int64_t rows = images * length_;
    thread_local Buffer patches;
    float *own = patches.floats(rows * depth_);
    packed.multiply(rows, tokens + first * length_ * width_, width_, own, depth_, false);
    paste(first, images, own, result.data_ptr<float>());
  });
  return result;
}

// tokensᵀ · patches, for some images after others: their patches are many times the pixels' tokens.
void Embedding::add_patch_gradient(const float *tokens, Tensor &gradient) const {
  thread_local Buffer buffer;
  thread_local Panels panels;
  const int64_t most = std::max<int64_t>(kGradientRows / length_, 1);
  for (int64_t first = 0; first < batch_; first += most) {
    const int64_t images = std::min(most, batch_ - first), rows = images * length_;
    float *const patches = buffer.floats(rows * depth_);
    at::parallel_for(0, images, 1, [&](int64_t begin, int64_t end) {
      cut(first + begin, end - begin, patches + begin * length_ * depth_);
    });
    panels.assign(multiplier_, {patches, depth_, 1}, rows, depth_);
    Panels::pack({&panels});
    panels.add_transposed_product(width_, tokens + first * length_ * width_, width_,
                                  gradient.data_ptr<float>(), depth_);
  }
}

void Embedding::add_position_gradients(const float *tokens, Parameters &gradients) const {
  const auto add = [&](int64_t position, float *to) {
    vectorised<AddImages>(width_, tokens + position * width_, batch_, length_ * width_, width_, to);
  };
  if (gradients[class_token].defined()) add(0, gradients[class_token].data_ptr<float>());
  if (!gradients[positions].defined()) return;
  float *const to = gradients[positions].data_ptr<float>();
  at::parallel_for(0, length_, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) add(i, to + i * width_);
  });
}

}  // namespace ctorch
