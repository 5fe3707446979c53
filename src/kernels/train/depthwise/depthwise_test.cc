#include "kernels/train/depthwise/depthwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/train/window_for_test.h"

namespace liteqat::kernels::train {
namespace {

constexpr float kPoison = 12345.0f;  // outputs must be written whole
constexpr int32_t kImages = 3;

struct Outputs {
  std::vector<float> y, y_without_bias, dx, dweights, dbias;
  bool operator==(const Outputs&) const = default;
};

struct Inputs {
  DepthwiseShape shape;
  std::vector<float> x, weights, bias, dy;

  size_t channels() const { return size_t(shape.window.channels); }
  size_t outputs() const { return channels() * size_t(shape.multiplier); }
};

Inputs make_inputs(const WindowCase& window, int32_t multiplier) {
  Inputs in = {.shape = {make_window(window), multiplier}, .x = {}, .weights = {}, .bias = {}, .dy = {}};
  const WindowShape& w = in.shape.window;
  in.x = random_values(1, in_pixels(w, kImages) * in.channels());
  in.weights = random_values(2, size_t(w.filter_h * w.filter_w) * in.outputs());
  in.bias = random_values(3, in.outputs());
  in.dy = random_values(4, out_pixels(w, kImages) * in.outputs());
  return in;
}

Outputs compute(const Inputs& in, const DepthwiseKernels& kernels) {
  Outputs out;
  out.y = out.y_without_bias = std::vector<float>(in.dy.size(), kPoison);
  out.dx.assign(in.x.size(), kPoison);
  out.dweights.assign(in.weights.size(), kPoison);
  out.dbias.assign(in.bias.size(), kPoison);
  kernels.forward(in.shape, kImages, in.x.data(), in.weights.data(), in.bias.data(), out.y.data());
  kernels.forward(in.shape, kImages, in.x.data(), in.weights.data(), nullptr, out.y_without_bias.data());
  kernels.backward_data(in.shape, kImages, in.dy.data(), in.weights.data(), out.dx.data());
  kernels.backward_weights(in.shape, kImages, in.x.data(), in.dy.data(), out.dweights.data(), out.dbias.data());
  return out;
}

void expect_definition(const Inputs& in, const Outputs& out) {
  const size_t outputs = in.outputs(), multiplier = size_t(in.shape.multiplier);
  ExactSums y(out.y.size()), plain(out.y.size()), dx(out.dx.size()), dweights(out.dweights.size()), dbias(out.dbias.size());
  for (size_t i = 0; i < out.y.size(); ++i) {
    y.add(i, in.bias[i % outputs], 1);
    dbias.add(i % outputs, in.dy[i], 1);
  }
  for_each_tap(in.shape.window, kImages, [&](size_t to, size_t from, size_t tap) {
    for (size_t o = 0; o < outputs; ++o) {
      const size_t i = from * in.channels() + o / multiplier;
      y.add(to * outputs + o, in.x[i], in.weights[tap * outputs + o]);
      plain.add(to * outputs + o, in.x[i], in.weights[tap * outputs + o]);
      dx.add(i, in.dy[to * outputs + o], in.weights[tap * outputs + o]);
      dweights.add(tap * outputs + o, in.x[i], in.dy[to * outputs + o]);
    }
  });
  EXPECT_EQ(y.difference(out.y), "");
  EXPECT_EQ(plain.difference(out.y_without_bias), "");
  EXPECT_EQ(dx.difference(out.dx), "");
  EXPECT_EQ(dweights.difference(out.dweights), "");
  EXPECT_EQ(dbias.difference(out.dbias), "");
}

TEST(Depthwise, AgreesWithPlainLoopsAndAmongInstructionSets) {
  // Channels around the vector widths of all sets (8, 16) and their blocks.
  for (const WindowCase& window : window_cases({1, 3, 8, 17, 40, 67})) {
    for (int32_t multiplier : {1, 2, 3}) {
      const Inputs in = make_inputs(window, multiplier);
      SCOPED_TRACE(describe(in.shape.window) + format(", multiplier {}", multiplier));
      const Outputs reference = compute(in, find_depthwise_kernels(Isa::kReference));
      expect_definition(in, reference);
      for (Isa isa : supported_isas()) {
        EXPECT_TRUE(compute(in, find_depthwise_kernels(isa)) == reference) << isa_name(isa) << " differs from reference";
      }
    }
  }
}

/// Rows [begin, end) of an image between rows that no kernel may read.
std::vector<float> only_rows(const float* image, size_t row_elems, const Rows& rows) {
  std::vector<float> held(size_t(rows.end - rows.begin + 2) * row_elems, std::numeric_limits<float>::quiet_NaN());
  std::copy(image + size_t(rows.begin) * row_elems, image + size_t(rows.end) * row_elems, held.begin() + std::ptrdiff_t(row_elems));
  return held;
}

/// As compute(), strip by strip of `height` rows, from no more rows than a strip says it needs.
Outputs compute_strips(const Inputs& in, const DepthwiseKernels& kernels, int32_t height) {
  const WindowShape& w = in.shape.window;
  const size_t row = size_t(w.width) * in.channels(), out_row = size_t(w.out_width) * in.channels();
  Outputs out;
  out.y.assign(in.dy.size(), kPoison);
  out.dx.assign(in.x.size(), kPoison);
  out.dweights.assign(in.weights.size(), 0.0f);
  for (size_t image = 0; image < size_t(kImages); ++image) {
    const float *x = in.x.data() + image * row * size_t(w.height), *dy = in.dy.data() + image * out_row * size_t(w.out_height);
    for (int32_t begin = 0; begin < w.out_height; begin += height) {
      const Rows outputs{begin, std::min(begin + height, w.out_height)}, inputs = input_rows_of(w, outputs);
      const std::vector<float> held = only_rows(x, row, inputs);
      const size_t at = (image * size_t(w.out_height) + size_t(begin)) * out_row;
      const Strip strip{outputs.begin, outputs.end, inputs.begin};
      kernels.forward_rows(in.shape, strip, held.data() + row, in.weights.data(), in.bias.data(), out.y.data() + at);
      kernels.add_weights_of_rows(in.shape, strip, held.data() + row, in.dy.data() + at, out.dweights.data());
    }
    for (int32_t begin = 0; begin < w.height; begin += height) {
      const Rows inputs{begin, std::min(begin + height, w.height)}, outputs = output_rows_of(w, inputs);
      const std::vector<float> held = only_rows(dy, out_row, outputs);
      const size_t at = (image * size_t(w.height) + size_t(begin)) * row;
      kernels.backward_data_rows(in.shape, {inputs.begin, inputs.end, outputs.begin}, held.data() + out_row, in.weights.data(),
                                 out.dx.data() + at);
    }
  }
  return out;
}

TEST(Depthwise, StripsNeedTheRowsTheySayAndGiveTheSame) {
  for (const WindowCase& window : window_cases({3, 17})) {
    const Inputs in = make_inputs(window, 1);
    SCOPED_TRACE(describe(in.shape.window));
    ExactSums dweights(in.weights.size());
    for_each_tap(in.shape.window, kImages, [&](size_t to, size_t from, size_t tap) {
      for (size_t c = 0; c < in.channels(); ++c)
        dweights.add(tap * in.channels() + c, in.x[from * in.channels() + c], in.dy[to * in.channels() + c]);
    });
    for (Isa isa : supported_isas()) {
      const DepthwiseKernels& kernels = find_depthwise_kernels(isa);
      const Outputs whole = compute(in, kernels);
      for (int32_t height : {1, 2, 5}) {
        const Outputs strips = compute_strips(in, kernels, height);
        EXPECT_EQ(strips.y, whole.y) << kernels.name << ", strips of " << height;
        EXPECT_EQ(strips.dx, whole.dx) << kernels.name << ", strips of " << height;
        EXPECT_EQ(dweights.difference(strips.dweights), "") << kernels.name << ", strips of " << height;
      }
    }
  }
}

TEST(Depthwise, KernelsAreNamedAfterTheirSet) {
  EXPECT_NE(std::string(find_depthwise_kernels(Isa::kReference).name).find("reference"), std::string::npos);
  for (Isa isa : supported_isas()) {
    if (isa == Isa::kAvx512Vnni || isa == Isa::kNeonDot) continue;  // have none of their own: AVX-512's, the reference
    EXPECT_NE(std::string(find_depthwise_kernels(isa).name).find(isa_name(isa)), std::string::npos);
  }
}

TEST(Depthwise, BiasGradientIsOptional) {
  const Inputs in = make_inputs({4, 4, 5, 3, 3, 1, 1, 1, 1, TestPadding::kSame}, 1);
  for (Isa isa : supported_isas()) {
    std::vector<float> with(in.weights.size()), without(in.weights.size()), dbias(in.bias.size());
    find_depthwise_kernels(isa).backward_weights(in.shape, kImages, in.x.data(), in.dy.data(), with.data(), dbias.data());
    find_depthwise_kernels(isa).backward_weights(in.shape, kImages, in.x.data(), in.dy.data(), without.data(), nullptr);
    EXPECT_EQ(with, without);
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
