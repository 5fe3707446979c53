// Runs one training operator forward and backward on arrays from .npy files and writes the results as .npy files, so that
// tests/oracle/gradients_test.py can compare them with another implementation. Prints the instruction sets for NAME "isas".
// Usage: dump_gradients NAME FOLDER [key=number ...]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "base/cpu.h"
#include "formats/npy/npy.h"
#include "kernels/onednn/convolution.h"
#include "kernels/onednn/dense.h"
#include "kernels/train/batch_norm.h"
#include "kernels/train/depthwise/depthwise.h"
#include "kernels/train/elementwise.h"
#include "kernels/train/fake_quant.h"
#include "kernels/train/gates.h"
#include "kernels/train/joins.h"
#include "kernels/train/pool.h"
#include "kernels/train/softmax.h"
#include "kernels/train/spatial.h"

namespace liteqat {
namespace {

using Floats = std::vector<float>;
using kernels::train::DepthwiseShape;
using kernels::train::WindowShape;

constexpr float kUnwritten = 98765.0f;  // operators promise to write outputs whole

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "dump_gradients: %s\n", message.c_str());
  std::exit(1);
}

/// The command line: a folder for arrays and named numbers.
struct Task {
  std::string folder;
  std::map<std::string, double> numbers;

  double real(const std::string& key) const {
    const auto found = numbers.find(key);
    if (found == numbers.end()) fail("missing " + key);
    return found->second;
  }
  int32_t number(const std::string& key) const { return static_cast<int32_t>(real(key)); }

  template <typename T>
  std::vector<T> read(const std::string& name) const {
    const std::string path = format("{}/{}.npy", folder, name);
    const auto bytes = read_file(path);
    if (!bytes.ok()) fail(bytes.status().message());
    const auto array = formats::npy::read(*bytes, path);
    if (!array.ok()) fail(array.status().message());
    const auto values = array->template as<T>();
    return {values.begin(), values.end()};
  }
  Floats floats(const std::string& name) const { return read<float>(name); }

  template <typename T>
  void write(const std::string& name, const std::vector<T>& values) const {
    formats::npy::Array array{sizeof(T) == 8 ? "<f8" : "<f4", {static_cast<int64_t>(values.size())}, Bytes(values.size() * sizeof(T))};
    std::memcpy(array.data.data(), values.data(), array.data.size());
    const Status status = write_file(format("{}/{}.npy", folder, name), formats::npy::write(array));
    if (!status.ok()) fail(status.message());
  }
};

WindowShape window(const Task& task) {
  WindowShape w = {.height = task.number("h"), .width = task.number("w"), .channels = task.number("c")};
  w.out_height = task.number("oh");
  w.out_width = task.number("ow");
  w.filter_h = task.number("fh");
  w.filter_w = task.number("fw");
  w.stride_h = task.number("sh");
  w.stride_w = task.number("sw");
  w.dilation_h = task.number("dh");
  w.dilation_w = task.number("dw");
  w.pad_h = task.number("ph");
  w.pad_w = task.number("pw");
  return w;
}

void convolve(const Task& task, const kernels::onednn::ConvolutionShape& shape) {
  kernels::onednn::use_one_thread();
  const int32_t n = task.number("n");
  const Floats x = task.floats("x"), weights = task.floats("w"), bias = task.floats("bias"), dy = task.floats("dy");
  auto convolution = kernels::onednn::Convolution::make(shape, 1, true);
  if (!convolution.ok()) fail(convolution.status().message());
  const Status configured = convolution->configure(n);
  if (!configured.ok()) fail(configured.message());
  convolution->set_weights(weights.data());
  Floats y(dy.size(), kUnwritten), dx(x.size(), kUnwritten), dw(weights.size(), kUnwritten), dbias(bias.size(), kUnwritten);
  convolution->forward(0, n, x.data(), bias.data(), y.data());
  convolution->backward_data(0, n, dy.data(), dx.data());
  convolution->backward_weights(0, n, x.data(), dy.data(), dw.data(), dbias.data());
  task.write("y", y);
  task.write("dx", dx);
  task.write("dw", dw);
  task.write("dbias", dbias);
}

void convolution(const Task& task) {
  convolve(task, {.window = window(task), .out_channels = task.number("out")});
}

void dense(const Task& task) {
  convolve(task, kernels::onednn::dense_shape(task.number("c"), task.number("out")));
}

void depthwise(const Task& task) {
  const DepthwiseShape shape = {.window = window(task), .multiplier = task.number("multiplier")};
  const auto& kernels = kernels::train::find_depthwise_kernels(supported_isas().at(static_cast<size_t>(task.number("isa"))));
  const int32_t n = task.number("n");
  const Floats x = task.floats("x"), weights = task.floats("w"), bias = task.floats("bias"), dy = task.floats("dy");
  Floats y(dy.size(), kUnwritten), dx(x.size(), kUnwritten), dw(weights.size(), kUnwritten), dbias(bias.size(), kUnwritten);
  kernels.forward(shape, n, x.data(), weights.data(), bias.data(), y.data());
  kernels.backward_data(shape, n, dy.data(), weights.data(), dx.data());
  kernels.backward_weights(shape, n, x.data(), dy.data(), dw.data(), dbias.data());
  task.write("y", y);
  task.write("dx", dx);
  task.write("dw", dw);
  task.write("dbias", dbias);
}

/// Rows in chunks of `chunk`, as the engine splits a batch; with "frozen" the statistics are read instead of computed.
void batch_norm(const Task& task) {
  const int64_t rows = task.number("rows"), channels = task.number("c"), chunk = task.number("chunk");
  const auto epsilon = static_cast<float>(task.real("epsilon"));
  const bool frozen = task.number("frozen") != 0;
  const Floats x = task.floats("x"), gamma = task.floats("gamma"), beta = task.floats("beta"), dy = task.floats("dy");
  const auto width = static_cast<size_t>(channels);
  std::vector<double> sums(width), squares(width), dbeta(width), dgamma(width);
  Floats mean(width), variance(width), scale(width), shift(width), y(x.size(), kUnwritten), dx(x.size(), kUnwritten);
  const auto each_chunk = [&](const auto& visit) {
    for (int64_t row = 0; row < rows; row += chunk) visit(std::min(chunk, rows - row), row * channels);
  };
  if (frozen) {
    mean = task.floats("mean"), variance = task.floats("variance");
  } else {
    each_chunk(
        [&](int64_t n, int64_t at) { kernels::train::batch_norm_partial_sums(n, channels, x.data() + at, sums.data(), squares.data()); });
    kernels::train::batch_norm_moments(rows, channels, sums.data(), squares.data(), mean.data(), variance.data());
  }
  kernels::train::batch_norm_fold(channels, epsilon, gamma.data(), beta.data(), mean.data(), variance.data(), scale.data(), shift.data());
  each_chunk([&](int64_t n, int64_t at) {
    kernels::train::batch_norm_normalize(n, channels, x.data() + at, scale.data(), shift.data(), y.data() + at);
    kernels::train::batch_norm_partial_gradients(n, channels, epsilon, x.data() + at, dy.data() + at, mean.data(), variance.data(),
                                                 dbeta.data(), dgamma.data());
  });
  each_chunk([&](int64_t n, int64_t at) {
    if (frozen) return kernels::train::batch_norm_backward_frozen(n, channels, dy.data() + at, scale.data(), dx.data() + at);
    kernels::train::batch_norm_backward(n, channels, rows, epsilon, x.data() + at, dy.data() + at, gamma.data(), mean.data(),
                                        variance.data(), dbeta.data(), dgamma.data(), dx.data() + at);
  });
  task.write("y", y);
  task.write("dx", dx);
  task.write("mean_out", mean);
  task.write("variance_out", variance);
  task.write("dgamma", dgamma);
  task.write("dbeta", dbeta);
}

void relu(const Task& task) {
  const bool six = task.number("six") != 0;
  const Floats x = task.floats("x"), dy = task.floats("dy");
  const auto elems = static_cast<int64_t>(x.size());
  Floats y(x.size(), kUnwritten), dx(x.size(), kUnwritten);
  (six ? kernels::train::relu6_forward : kernels::train::relu_forward)(x.data(), y.data(), elems);
  (six ? kernels::train::relu6_backward : kernels::train::relu_backward)(y.data(), dy.data(), dx.data(), elems);
  task.write("y", y);
  task.write("dx", dx);
}

/// y = a + b; the gradient of a tensor that `uses` operators read is the sum of theirs.
void add(const Task& task) {
  const Floats a = task.floats("a"), b = task.floats("b"), dy = task.floats("dy");
  const auto elems = static_cast<int64_t>(a.size());
  Floats y(a.size(), kUnwritten), sum(a.size());
  kernels::train::add_forward(a.data(), b.data(), y.data(), elems);
  for (int32_t use = 0; use < task.number("uses"); ++use) kernels::train::accumulate(dy.data(), sum.data(), elems);
  task.write("y", y);
  task.write("da", sum);
}

void cross_entropy(const Task& task) {
  const int32_t rows = task.number("rows"), classes = task.number("classes");
  const Floats logits = task.floats("logits");
  const auto labels = task.read<int32_t>("labels");
  std::vector<double> loss(static_cast<size_t>(rows));
  Floats dlogits(logits.size(), kUnwritten), probabilities(logits.size(), kUnwritten);
  kernels::train::softmax_forward(rows, classes, logits.data(), probabilities.data());
  kernels::train::softmax_cross_entropy(rows, classes, logits.data(), labels.data(), static_cast<float>(task.real("smoothing")),
                                        static_cast<float>(task.real("scale")), loss.data(), dlogits.data());
  task.write("probabilities", probabilities);
  task.write("loss", loss);
  task.write("dlogits", dlogits);
}

void max_pool(const Task& task) {
  const Floats x = task.floats("x"), dy = task.floats("dy");
  Floats y(dy.size(), kUnwritten), dx(x.size(), kUnwritten);
  std::vector<int32_t> argmax(dy.size());
  kernels::train::max_pool_forward(window(task), task.number("n"), x.data(), y.data(), argmax.data());
  kernels::train::max_pool_backward(window(task), task.number("n"), dy.data(), argmax.data(), dx.data());
  task.write("y", y);
  task.write("dx", dx);
}

void average_pool(const Task& task) {
  const Floats x = task.floats("x"), dy = task.floats("dy");
  Floats y(dy.size(), kUnwritten), dx(x.size(), kUnwritten);
  kernels::train::average_pool_forward(window(task), task.number("n"), x.data(), y.data());
  kernels::train::average_pool_backward(window(task), task.number("n"), dy.data(), dx.data());
  task.write("y", y);
  task.write("dx", dx);
}

void mean(const Task& task) {
  const Floats x = task.floats("x"), dy = task.floats("dy");
  Floats y(dy.size(), kUnwritten), dx(x.size(), kUnwritten);
  kernels::train::spatial_mean_forward(task.number("n"), task.number("positions"), task.number("c"), x.data(), y.data());
  kernels::train::spatial_mean_backward(task.number("n"), task.number("positions"), task.number("c"), dy.data(), dx.data());
  task.write("y", y);
  task.write("dx", dx);
}

void pad(const Task& task) {
  const Floats x = task.floats("x"), dy = task.floats("dy");
  Floats y(dy.size(), kUnwritten), dx(x.size(), kUnwritten);
  const kernels::train::PadShape shape = {.height = task.number("h"),
                                          .width = task.number("w"),
                                          .channels = task.number("c"),
                                          .top = task.number("top"),
                                          .bottom = task.number("bottom"),
                                          .left = task.number("left"),
                                          .right = task.number("right")};
  kernels::train::pad_forward(shape, task.number("n"), x.data(), y.data());
  kernels::train::pad_backward(shape, task.number("n"), dy.data(), dx.data());
  task.write("y", y);
  task.write("dx", dx);
}

/// y = x rounded to the range, and the derivative by its step.
void fake_quant(const Task& task) {
  const Floats x = task.floats("x"), dy = task.floats("dy");
  const auto range = numeric::nudge_range(static_cast<float>(task.real("min")), static_cast<float>(task.real("max")), false);
  const auto elems = static_cast<int64_t>(x.size());
  Floats y(x.size(), kUnwritten);
  kernels::train::fake_quant_forward(range, x.data(), y.data(), elems);
  task.write("y", y);
  task.write("dstep", std::vector<double>{kernels::train::fake_quant_step_gradient(range, x.data(), y.data(), dy.data(), elems)});
}

void activation(const Task& task) {
  const bool sigmoid = task.number("sigmoid") != 0;
  const Floats x = task.floats("x"), dy = task.floats("dy");
  const auto elems = static_cast<int64_t>(x.size());
  Floats y(x.size(), kUnwritten), dx(x.size(), kUnwritten);
  (sigmoid ? kernels::train::sigmoid_forward : kernels::train::hard_swish_forward)(x.data(), y.data(), elems);
  sigmoid ? kernels::train::sigmoid_backward(y.data(), dy.data(), dx.data(), elems)
          : kernels::train::hard_swish_backward(x.data(), dy.data(), dx.data(), elems);
  task.write("y", y);
  task.write("dx", dx);
}

/// Operands of extents ah, aw, ac and bh, bw, bc, each 1 or the product's.
void multiply(const Task& task) {
  const Floats a = task.floats("a"), b = task.floats("b"), dy = task.floats("dy");
  const auto strides = [&](const std::string& operand) {
    const int64_t h = task.number(operand + "h"), w = task.number(operand + "w"), c = task.number(operand + "c");
    return kernels::train::OperandStrides{h * w * c, h == 1 ? 0 : w * c, w == 1 ? 0 : c, c == 1 ? 0 : 1};
  };
  const kernels::train::ProductShape shape{task.number("h"), task.number("w"), task.number("c"), strides("a"), strides("b")};
  const kernels::train::ProductShape swapped{shape.height, shape.width, shape.channels, shape.b, shape.a};
  Floats y(dy.size(), kUnwritten), da(a.size(), kUnwritten), db(b.size(), kUnwritten);
  kernels::train::multiply_forward(shape, task.number("n"), a.data(), b.data(), y.data());
  kernels::train::multiply_backward(shape, task.number("n"), dy.data(), b.data(), da.data());
  kernels::train::multiply_backward(swapped, task.number("n"), dy.data(), a.data(), db.data());
  task.write("y", y);
  task.write("da", da);
  task.write("db", db);
}

/// Two parts of ap and bp values a row.
void concatenate(const Task& task) {
  const Floats a = task.floats("a"), b = task.floats("b"), dy = task.floats("dy");
  const int64_t rows = task.number("rows"), ap = task.number("ap"), bp = task.number("bp");
  Floats y(dy.size(), kUnwritten), da(a.size(), kUnwritten), db(b.size(), kUnwritten);
  kernels::train::concatenate_forward({rows, ap, ap + bp}, a.data(), y.data());
  kernels::train::concatenate_forward({rows, bp, ap + bp}, b.data(), y.data() + ap);
  kernels::train::concatenate_backward({rows, ap, ap + bp}, dy.data(), da.data());
  kernels::train::concatenate_backward({rows, bp, ap + bp}, dy.data() + ap, db.data());
  task.write("y", y);
  task.write("da", da);
  task.write("db", db);
}

/// Key from two halves below 2^32.
void dropout(const Task& task) {
  const Floats x = task.floats("x"), dy = task.floats("dy");
  const kernels::train::DropoutMask mask{(static_cast<uint64_t>(task.real("high")) << 32) | static_cast<uint64_t>(task.real("low")),
                                         static_cast<float>(task.real("rate"))};
  const auto elems = static_cast<int64_t>(x.size());
  Floats y(x.size(), kUnwritten), dx(x.size(), kUnwritten);
  kernels::train::dropout(mask, task.number("first"), x.data(), y.data(), elems);
  kernels::train::dropout(mask, task.number("first"), dy.data(), dx.data(), elems);
  task.write("y", y);
  task.write("dx", dx);
}

int run(int argc, char** argv) {
  if (argc < 3) fail("usage: dump_gradients NAME FOLDER [key=number ...]");
  const std::string name = argv[1];
  if (name == "isas") {
    for (Isa isa : supported_isas()) std::printf("%s\n", isa_name(isa));
    return 0;
  }
  Task task = {.folder = argv[2], .numbers = {}};
  for (int i = 3; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    if (equals == std::string::npos) fail("'" + argument + "' is no key=number");
    task.numbers[argument.substr(0, equals)] = std::strtod(argument.c_str() + equals + 1, nullptr);
  }
  const std::map<std::string, void (*)(const Task&)> operators = {{"convolution", convolution},
                                                                  {"dense", dense},
                                                                  {"depthwise", depthwise},
                                                                  {"batch_norm", batch_norm},
                                                                  {"relu", relu},
                                                                  {"add", add},
                                                                  {"cross_entropy", cross_entropy},
                                                                  {"max_pool", max_pool},
                                                                  {"average_pool", average_pool},
                                                                  {"mean", mean},
                                                                  {"pad", pad},
                                                                  {"activation", activation},
                                                                  {"multiply", multiply},
                                                                  {"concatenate", concatenate},
                                                                  {"dropout", dropout},
                                                                  {"fake_quant", fake_quant}};
  const auto found = operators.find(name);
  if (found == operators.end()) fail("unknown operator " + name);
  found->second(task);
  return 0;
}

}  // namespace
}  // namespace liteqat

int main(int argc, char** argv) {
  return liteqat::run(argc, argv);
}
