// The straight-through definition in plain loops and double, for tests: from an exported int8 graph and the codes of its activations to the
// gradients of its real weights and biases. Shares nothing with the engine.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "numeric/activation.h"
#include "numeric/padding.h"
#include "train/plain_gates_for_test.h"

namespace liteqat::train {

/// Codes of every activation, by name, images one after the other.
using Codes = std::map<std::string, std::vector<int8_t>>;

/// With `magnitudes` every factor is taken by its absolute value: the sum of the absolute terms of each gradient, from which a bound on
/// float32's rounding follows.
class PlainReverse {
 public:
  PlainReverse(const graph::Graph& lowered, const Codes& codes, int32_t images, bool magnitudes)
      : graph_(lowered), codes_(codes), images_(images), magnitudes_(magnitudes) {}

  /// Gradients by tensor name after the walk from `loss`, whose gradient is given.
  std::map<std::string, std::vector<double>> run(const std::string& loss, std::vector<double> gradient) {
    gradients_[loss] = std::move(gradient);
    for (size_t index = graph_.ops.size(); index-- > 0;) reverse(graph_.ops[index]);
    return gradients_;
  }
  /// Terms of the longest sum on any path so far: how often a value may have been rounded.
  int64_t roundings() const { return roundings_; }

 private:
  using Op = graph::Op;
  double sign(double value) const { return magnitudes_ ? std::abs(value) : value; }
  const graph::Tensor& tensor(graph::TensorId id) const { return graph_.tensor(id); }
  int64_t elems(graph::TensorId id) const { return graph::elem_count(tensor(id).shape); }
  double dequantized(graph::TensorId id, size_t at) const {
    const graph::Quantization& grid = tensor(id).quantization;
    return (codes_.at(tensor(id).name)[at] - static_cast<double>(grid.zero_point[0])) * static_cast<double>(grid.scale[0]);
  }
  double real(graph::TensorId id, int64_t image, int64_t at) const {
    return sign(dequantized(id, static_cast<size_t>(image * elems(id) + at)));
  }
  double weight(graph::TensorId id, int64_t at, int64_t channel) const {
    const std::vector<float>& scale = tensor(id).quantization.scale;
    const float own = scale.size() == 1 ? scale[0] : scale[static_cast<size_t>(channel)];
    return sign(tensor(id).as<int8_t>()[static_cast<size_t>(at)] * static_cast<double>(own));
  }
  std::vector<double>& gradient(graph::TensorId id, int64_t count) {
    std::vector<double>& values = gradients_[tensor(id).name];
    values.resize(static_cast<size_t>(count), 0.0);
    return values;
  }

  graph::Activation activation(const Op& op) const {
    if (op.kind == graph::OpKind::kConv2D) return op.params_as<graph::Conv2DParams>().activation;
    if (op.kind == graph::OpKind::kDepthwiseConv2D) return op.params_as<graph::DepthwiseConv2DParams>().activation;
    if (op.kind == graph::OpKind::kFullyConnected) return op.params_as<graph::FullyConnectedParams>().activation;
    if (op.kind == graph::OpKind::kAdd || op.kind == graph::OpKind::kMul) return op.params_as<graph::ArithmeticParams>().activation;
    return op.kind == graph::OpKind::kRelu ? graph::Activation::kRelu : graph::Activation::kNone;
  }

  std::vector<double> masked(const Op& op) {
    const graph::TensorId out = op.outputs[0];
    std::vector<double> dz = gradients_.at(tensor(out).name);
    const graph::Quantization& grid = tensor(out).quantization;
    const auto clamp = numeric::quantized_clamp(activation(op), grid.scale[0], static_cast<int32_t>(grid.zero_point[0]), -128, 127);
    const std::vector<int8_t>& codes = codes_.at(tensor(out).name);
    for (size_t i = 0; i < dz.size(); ++i) dz[i] = codes[i] > clamp.low && codes[i] < clamp.high ? dz[i] : 0.0;
    return dz;
  }

  void reverse(const Op& op) {
    using graph::OpKind;
    if (!gradients_.contains(tensor(op.outputs[0]).name)) return;
    if (op.kind == OpKind::kQuantize && tensor(op.inputs[0]).type == graph::DType::kFloat32) return;
    switch (op.kind) {
      case OpKind::kConv2D:
        return convolve(op, op.params_as<graph::Conv2DParams>(), false);
      case OpKind::kDepthwiseConv2D:
        return convolve(op, op.params_as<graph::DepthwiseConv2DParams>(), true);
      case OpKind::kFullyConnected:
        return dense(op);
      case OpKind::kAdd:
        pass(op, 0, masked(op));
        return pass(op, 1, masked(op));
      case OpKind::kRelu:
      case OpKind::kQuantize:
        return pass(op, 0, masked(op));
      case OpKind::kHardSwish:
      case OpKind::kLogistic:
        return curve(op);
      case OpKind::kMul:
        return product(op);
      case OpKind::kConcatenation:
        return part(op);
      case OpKind::kReshape:
        return pass(op, 0, gradients_.at(tensor(op.outputs[0]).name));
      case OpKind::kMean:
        return mean(op);
      case OpKind::kPad:
        return pad(op);
      default:
        return pool(op);
    }
  }

  void pass(const Op& op, size_t input, const std::vector<double>& dz) {
    std::vector<double>& dx = gradient(op.inputs[input], images_ * elems(op.inputs[input]));
    for (size_t i = 0; i < dz.size(); ++i) dx[i] += dz[i];
    ++roundings_;
  }

  /// Hard swish from its input, sigmoid from its output, whose grid cuts nothing off.
  void curve(const Op& op) {
    std::vector<double> dz = op.kind == graph::OpKind::kLogistic ? gradients_.at(tensor(op.outputs[0]).name) : masked(op);
    for (size_t i = 0; i < dz.size(); ++i) {
      const double x = dequantized(op.inputs[0], i), y = dequantized(op.outputs[0], i);
      const double inside = (sign(2 * x) + 3) / 6;
      if (op.kind == graph::OpKind::kLogistic) {
        dz[i] *= y * (1 - y);
      } else if (x < 3) {
        dz[i] *= x > -3 ? inside : 0;
      }
    }
    pass(op, 0, dz);
    roundings_ += 4;
  }
  void product(const Op& op) {
    const std::vector<double> dz = masked(op);
    const graph::Shape& out = tensor(op.outputs[0]).shape;
    for (size_t index : {size_t{0}, size_t{1}}) {
      const graph::TensorId own = op.inputs[index], other = op.inputs[1 - index];
      std::vector<double>& dx = gradient(own, images_ * elems(own));
      for (size_t i = 0; i < dz.size(); ++i) {
        dx[stretched_element(tensor(own).shape, out, i)] +=
            dz[i] * sign(dequantized(other, stretched_element(tensor(other).shape, out, i)));
      }
    }
    roundings_ += elems(op.outputs[0]) + 4;
  }
  void part(const Op& op) {
    const std::vector<double> dy = gradients_.at(tensor(op.outputs[0]).name);
    size_t first = 0;
    for (size_t index = 0; index < op.inputs.size(); ++index) {
      const graph::Shape& shape = tensor(op.inputs[index]).shape;
      std::vector<double> dx(static_cast<size_t>(images_ * elems(op.inputs[index])));
      for (size_t i = 0; i < dx.size(); ++i) dx[i] = dy[joined_element(shape, tensor(op.outputs[0]).shape, first, i)];
      pass(op, index, dx);
      first += static_cast<size_t>(shape.back());
    }
  }

  /// Calls visit(image, output position, input position) for every tap inside the image, positions without channels, with the tap's index.
  template <typename Params, typename Visit>
  void for_taps(const Op& op, const Params& p, int32_t filter_h, int32_t filter_w, int32_t dilation_h, int32_t dilation_w,
                const Visit& visit) const {
    const graph::Shape &x = tensor(op.inputs[0]).shape, &y = tensor(op.outputs[0]).shape;
    const int32_t top = numeric::window_pad_before(p.padding, x[1], filter_h, p.stride_h, dilation_h, y[1]);
    const int32_t left = numeric::window_pad_before(p.padding, x[2], filter_w, p.stride_w, dilation_w, y[2]);
    for (int32_t oy = 0; oy < y[1]; ++oy) {
      for (int32_t ox = 0; ox < y[2]; ++ox) {
        for (int32_t ky = 0; ky < filter_h; ++ky) {
          for (int32_t kx = 0; kx < filter_w; ++kx) {
            const int32_t iy = oy * p.stride_h - top + ky * dilation_h, ix = ox * p.stride_w - left + kx * dilation_w;
            if (iy < 0 || iy >= x[1] || ix < 0 || ix >= x[2]) continue;
            visit(int64_t{oy} * y[2] + ox, int64_t{iy} * x[2] + ix, int64_t{ky} * filter_w + kx);
          }
        }
      }
    }
  }

  template <typename Params>
  void convolve(const Op& op, const Params& p, bool depthwise) {
    const graph::TensorId x = op.inputs[0], w = op.inputs[1];
    const graph::Shape& filter = tensor(w).shape;
    const int64_t in_c = tensor(x).shape[3], out_c = tensor(op.outputs[0]).shape[3], taps = int64_t{filter[1]} * filter[2];
    const std::vector<double> dz = masked(op);
    std::vector<double>&dx = gradient(x, images_ * elems(x)), &dw = gradient(w, elems(w)), &db = gradient(op.inputs[2], out_c);
    for (size_t i = 0; i < dz.size(); ++i) db[i % static_cast<size_t>(out_c)] += dz[i];
    for_taps(op, p, filter[1], filter[2], p.dilation_h, p.dilation_w, [&](int64_t out, int64_t in, int64_t tap) {
      for (int64_t image = 0; image < images_; ++image) {
        for (int64_t o = 0; o < out_c; ++o) {
          const double d = dz[static_cast<size_t>(image * elems(op.outputs[0]) + out * out_c + o)];
          const int64_t first = depthwise ? o / (out_c / in_c) : 0, last = depthwise ? first + 1 : in_c;
          for (int64_t i = first; i < last; ++i) {
            const int64_t at = depthwise ? tap * out_c + o : (o * taps + tap) * in_c + i;
            dw[static_cast<size_t>(at)] += d * real(x, image, in * in_c + i);
            dx[static_cast<size_t>(image * elems(x) + in * in_c + i)] += d * weight(w, at, o);
          }
        }
      }
    });
    roundings_ += std::max(taps * out_c, images_ * elems(op.outputs[0]) / out_c) + 4;
  }

  void dense(const Op& op) {
    const graph::TensorId x = op.inputs[0], w = op.inputs[1];
    const int64_t outputs = tensor(w).shape[0], inputs = tensor(w).shape[1];
    const std::vector<double> dz = masked(op);
    std::vector<double>&dx = gradient(x, images_ * inputs), &dw = gradient(w, elems(w)), &db = gradient(op.inputs[2], outputs);
    for (int64_t image = 0; image < images_; ++image) {
      for (int64_t o = 0; o < outputs; ++o) {
        const double d = dz[static_cast<size_t>(image * outputs + o)];
        db[static_cast<size_t>(o)] += d;
        for (int64_t i = 0; i < inputs; ++i) {
          dw[static_cast<size_t>(o * inputs + i)] += d * real(x, image, i);
          dx[static_cast<size_t>(image * inputs + i)] += d * weight(w, o * inputs + i, o);
        }
      }
    }
    roundings_ += std::max(outputs, int64_t{images_}) + 4;
  }

  void mean(const Op& op) {
    const graph::TensorId x = op.inputs[0];
    const int64_t channels = tensor(x).shape[3], positions = elems(x) / channels;
    const std::vector<double> dz = masked(op);
    std::vector<double>& dx = gradient(x, images_ * elems(x));
    for (size_t i = 0; i < dx.size(); ++i) {
      const int64_t image = static_cast<int64_t>(i) / elems(x), channel = static_cast<int64_t>(i) % channels;
      dx[i] += dz[static_cast<size_t>(image * channels + channel)] / static_cast<double>(positions);
    }
    roundings_ += 2;
  }

  void pad(const Op& op) {
    const graph::TensorId x = op.inputs[0];
    const graph::Shape &in = tensor(x).shape, &out = tensor(op.outputs[0]).shape;
    const auto amounts = tensor(op.inputs[1]).as<int32_t>();
    const std::vector<double>& dy = gradients_.at(tensor(op.outputs[0]).name);
    std::vector<double> dz(static_cast<size_t>(images_ * elems(x)));
    for (size_t i = 0; i < dz.size(); ++i) {
      const int64_t at = static_cast<int64_t>(i), c = at % in[3], column = at / in[3] % in[2], row = at / in[3] / in[2] % in[1];
      const int64_t image = at / elems(x);
      dz[i] = dy[static_cast<size_t>(((image * out[1] + row + amounts[2]) * out[2] + column + amounts[4]) * in[3] + c)];
    }
    pass(op, 0, dz);
  }

  void pool(const Op& op) {
    const auto& p = op.params_as<graph::Pool2DParams>();
    const graph::TensorId x = op.inputs[0];
    const int64_t channels = tensor(x).shape[3], out_elems = elems(op.outputs[0]);
    const std::vector<double>& dy = gradients_.at(tensor(op.outputs[0]).name);
    const std::vector<int8_t>& codes = codes_.at(tensor(x).name);
    std::vector<std::vector<int64_t>> taps(static_cast<size_t>(out_elems / channels));  // input positions by output position
    for_taps(op, p, p.filter_h, p.filter_w, 1, 1, [&](int64_t out, int64_t in, int64_t) { taps[static_cast<size_t>(out)].push_back(in); });
    std::vector<double>& dx = gradient(x, images_ * elems(x));
    for (int64_t i = 0; i < images_ * out_elems; ++i) {
      const int64_t image = i / out_elems, out = i % out_elems / channels, c = i % channels;
      const std::vector<int64_t>& window = taps[static_cast<size_t>(out)];
      const auto at = [&](int64_t in) { return static_cast<size_t>(image * elems(x) + in * channels + c); };
      if (op.kind == graph::OpKind::kMaxPool2D) {
        int64_t best = window[0];
        for (int64_t in : window) best = codes[at(in)] > codes[at(best)] ? in : best;
        dx[at(best)] += dy[static_cast<size_t>(i)];
      } else {
        for (int64_t in : window) dx[at(in)] += dy[static_cast<size_t>(i)] / static_cast<double>(window.size());
      }
    }
    roundings_ += 2 + p.filter_h * p.filter_w;
  }

  const graph::Graph& graph_;
  const Codes& codes_;
  int32_t images_;
  bool magnitudes_;
  int64_t roundings_ = 0;
  std::map<std::string, std::vector<double>> gradients_;
};

}  // namespace liteqat::train
