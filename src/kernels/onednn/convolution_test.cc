#include "kernels/onednn/convolution.h"

#include <gtest/gtest.h>

#include <thread>

#include "kernels/onednn/dense.h"
#include "kernels/train/window_for_test.h"

namespace liteqat::kernels::onednn {
namespace {

using train::ExactSums;
using train::random_values;
using train::TestPadding;
using train::WindowCase;

constexpr float kPoison = 12345.0f;  // outputs must be written whole

struct Inputs {
  ConvolutionShape shape;
  int32_t n;
  std::vector<float> x, weights, bias, dy;

  size_t channels() const { return size_t(shape.window.channels); }
  size_t outputs() const { return size_t(shape.out_channels); }
  size_t taps() const { return size_t(shape.window.filter_h * shape.window.filter_w); }
  size_t x_elems(int32_t images) const { return in_pixels(shape.window, images) * channels(); }
  size_t y_elems(int32_t images) const { return out_pixels(shape.window, images) * outputs(); }
};

Inputs make_inputs(const ConvolutionShape& shape, int32_t n) {
  Inputs in = {.shape = shape, .n = n, .x = {}, .weights = {}, .bias = {}, .dy = {}};
  in.x = random_values(1, in.x_elems(n));
  in.weights = random_values(2, in.outputs() * in.taps() * in.channels());
  in.bias = random_values(3, in.outputs());
  in.dy = random_values(4, in.y_elems(n));
  return in;
}

struct Outputs {
  std::vector<float> y, y_without_bias, dx, dweights, dbias;
  bool operator==(const Outputs&) const = default;
};

/// Images [first, first + n) of the inputs, on one worker.
Outputs compute(const Inputs& in, const Convolution& convolution, int32_t worker, int32_t first, int32_t n) {
  Outputs out;
  out.y = out.y_without_bias = std::vector<float>(in.y_elems(n), kPoison);
  out.dx.assign(in.x_elems(n), kPoison);
  out.dweights.assign(in.weights.size(), kPoison);
  out.dbias.assign(in.bias.size(), kPoison);
  const float* x = in.x.data() + in.x_elems(first);
  const float* dy = in.dy.data() + in.y_elems(first);
  convolution.forward(worker, n, x, in.bias.data(), out.y.data());
  convolution.forward(worker, n, x, nullptr, out.y_without_bias.data());
  convolution.backward_data(worker, n, dy, out.dx.data());
  convolution.backward_weights(worker, n, x, dy, out.dweights.data(), out.dbias.data());
  return out;
}

Convolution make_convolution(const ConvolutionShape& shape, int32_t workers, bool training, const std::vector<int32_t>& chunks) {
  auto made = Convolution::make(shape, workers, training);
  LITEQAT_CHECK(made.ok());
  for (int32_t n : chunks) LITEQAT_CHECK(made->configure(n).ok());
  return std::move(made).value();
}

void expect_definition(const Inputs& in, const Outputs& out) {
  const size_t channels = in.channels(), outputs = in.outputs();
  ExactSums y(out.y.size()), plain(out.y.size()), dx(out.dx.size()), dweights(out.dweights.size()), dbias(out.dbias.size());
  for (size_t i = 0; i < out.y.size(); ++i) {
    y.add(i, in.bias[i % outputs], 1);
    dbias.add(i % outputs, in.dy[i], 1);
  }
  for_each_tap(in.shape.window, in.n, [&](size_t to, size_t from, size_t tap) {
    for (size_t o = 0; o < outputs; ++o) {
      const size_t i = to * outputs + o;
      for (size_t c = 0; c < channels; ++c) {
        const size_t w = (o * in.taps() + tap) * channels + c, source = from * channels + c;
        y.add(i, in.x[source], in.weights[w]);
        plain.add(i, in.x[source], in.weights[w]);
        dx.add(source, in.dy[i], in.weights[w]);
        dweights.add(w, in.x[source], in.dy[i]);
      }
    }
  });
  EXPECT_EQ(y.difference(out.y), "");
  EXPECT_EQ(plain.difference(out.y_without_bias), "");
  EXPECT_EQ(dx.difference(out.dx), "");
  EXPECT_EQ(dweights.difference(out.dweights), "");
  EXPECT_EQ(dbias.difference(out.dbias), "");
}

void check_shape(const ConvolutionShape& shape, int32_t n) {
  SCOPED_TRACE(describe(shape.window) + format(" x {}, {} images", shape.out_channels, n));
  const Inputs in = make_inputs(shape, n);
  Convolution convolution = make_convolution(shape, 1, true, {n});
  convolution.set_weights(in.weights.data());
  expect_definition(in, compute(in, convolution, 0, 0, n));
}

TEST(Convolution, AgreesWithPlainLoops) {
  int32_t k = 0;
  for (const WindowCase& window : train::window_cases({1, 3, 16, 19})) {
    for (int32_t out_channels : {1, 7, 16, 33}) check_shape({make_window(window), out_channels}, 1 + k++ % 3);
  }
}

TEST(Convolution, AgreesWithPlainLoopsOnNetworkShapes) {
  check_shape({train::make_window({28, 28, 1, 3, 3, 1, 1, 1, 1, TestPadding::kValid}), 12}, 2);  // the guide's network
  check_shape({train::make_window({16, 16, 3, 3, 3, 2, 2, 1, 1, TestPadding::kSame}), 32}, 2);   // MobileNetV2's first
  check_shape({train::make_window({8, 8, 24, 1, 1, 1, 1, 1, 1, TestPadding::kSame}), 144}, 2);   // expand
  check_shape({train::make_window({4, 4, 320, 1, 1, 1, 1, 1, 1, TestPadding::kSame}), 160}, 2);  // project
  check_shape({train::make_window({16, 16, 16, 3, 3, 1, 1, 1, 1, TestPadding::kSame}), 16}, 2);  // ResNet-8
  check_shape({train::make_window({16, 16, 16, 1, 1, 2, 2, 1, 1, TestPadding::kSame}), 32}, 2);  // ResNet-8 shortcut
}

TEST(Dense, AgreesWithPlainLoops) {
  for (int32_t inputs : {1, 5, 64, 131}) {
    for (int32_t outputs : {1, 10, 33}) check_shape(dense_shape(inputs, outputs), 5);
  }
}

TEST(Convolution, NewWeightsReplaceTheOldOnesInEveryChunkSize) {
  const ConvolutionShape shape = {train::make_window({6, 6, 16, 3, 3, 1, 1, 1, 1, TestPadding::kSame}), 32};
  Convolution convolution = make_convolution(shape, 1, true, {2, 3});
  Inputs in = make_inputs(shape, 3);
  convolution.set_weights(in.weights.data());
  (void)compute(in, convolution, 0, 0, 3);
  in.weights = random_values(77, in.weights.size());
  convolution.set_weights(in.weights.data());
  expect_definition(in, compute(in, convolution, 0, 0, 3));
  Inputs two = make_inputs(shape, 2);
  two.weights = in.weights;
  expect_definition(two, compute(two, convolution, 0, 0, 2));
}

/// Chunks of a batch, computed by `workers` threads that take turns.
std::vector<Outputs> compute_in_threads(const Inputs& in, const Convolution& convolution, int32_t workers, int32_t chunk) {
  std::vector<Outputs> chunks(size_t(in.n / chunk));
  std::vector<std::thread> threads;
  for (int32_t worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      use_one_thread();
      for (int32_t i = worker; i < in.n / chunk; i += workers) {
        chunks[size_t(i)] = compute(in, convolution, worker, i * chunk, chunk);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return chunks;
}

TEST(Convolution, ChunksDoNotDependOnWorkersAndAddUp) {
  for (const ConvolutionShape& shape :
       {ConvolutionShape{train::make_window({9, 7, 24, 3, 3, 2, 2, 1, 1, TestPadding::kSame}), 40},
        ConvolutionShape{train::make_window({8, 8, 48, 1, 1, 1, 1, 1, 1, TestPadding::kSame}), 32}, dense_shape(37, 12)}) {
    SCOPED_TRACE(describe(shape.window));
    const Inputs in = make_inputs(shape, 12);
    Convolution convolution = make_convolution(shape, 3, true, {2});
    convolution.set_weights(in.weights.data());
    const std::vector<Outputs> alone = compute_in_threads(in, convolution, 1, 2);
    EXPECT_TRUE(compute_in_threads(in, convolution, 3, 2) == alone);

    Outputs whole = alone[0];  // as the engine does: parts that concern images side by side, gradients of weights summed in chunk order
    for (size_t i = 1; i < alone.size(); ++i) {
      const auto append = [](std::vector<float>& to, const std::vector<float>& from) { to.insert(to.end(), from.begin(), from.end()); };
      append(whole.y, alone[i].y);
      append(whole.y_without_bias, alone[i].y_without_bias);
      append(whole.dx, alone[i].dx);
      for (size_t k = 0; k < whole.dweights.size(); ++k) whole.dweights[k] += alone[i].dweights[k];
      for (size_t k = 0; k < whole.dbias.size(); ++k) whole.dbias[k] += alone[i].dbias[k];
    }
    expect_definition(in, whole);
  }
}

TEST(Convolution, InferenceHasForwardOnly) {
  const ConvolutionShape shape = {train::make_window({6, 6, 8, 3, 3, 1, 1, 1, 1, TestPadding::kSame}), 8};
  const Inputs in = make_inputs(shape, 2);
  Convolution training = make_convolution(shape, 1, true, {2});
  Convolution inference = make_convolution(shape, 1, false, {2});
  training.set_weights(in.weights.data());
  inference.set_weights(in.weights.data());
  std::vector<float> a(in.dy.size()), b(in.dy.size());
  training.forward(0, 2, in.x.data(), in.bias.data(), a.data());
  inference.forward(0, 2, in.x.data(), in.bias.data(), b.data());
  EXPECT_EQ(a, b);
  EXPECT_LT(inference.memory_bytes(), training.memory_bytes());
}

TEST(Convolution, ReportsTheLibrarysVersion) {
  EXPECT_NE(library_version().find('.'), std::string::npos);
}

}  // namespace
}  // namespace liteqat::kernels::onednn
