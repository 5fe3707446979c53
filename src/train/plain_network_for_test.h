// A second implementation of the training graph for tests: double precision, one loop per operator, no chunks, nothing shared with
// kernels/. Gradients come from central differences of its loss. Batch normalization uses batch statistics.
//
// Fake quantizers (optional) are frozen at the first evaluation: later ones see clamp(x) + (fq(x0) - clamp(x0)), whose derivative is the
// straight-through gradient that training uses.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "base/check.h"
#include "graph/graph.h"
#include "numeric/fake_quant.h"
#include "quant/plan.h"
#include "train/plain_gates_for_test.h"

namespace liteqat::train {

class PlainNetwork {
 public:
  PlainNetwork(const graph::Graph& model, std::vector<float> images, int32_t n, std::vector<int32_t> labels, double smoothing)
      : model_(model), images_(std::move(images)), n_(n), labels_(std::move(labels)), smoothing_(smoothing) {
    for (size_t id = 0; id < model.tensors.size(); ++id) {
      const graph::Tensor& tensor = model.tensors[id];
      if (!tensor.constant() || tensor.type != graph::DType::kFloat32) continue;
      const auto values = tensor.as<float>();
      constants_[static_cast<graph::TensorId>(id)].assign(values.begin(), values.end());
    }
  }
  /// Ranges as the plan holds them now. Requires: scalar weight ranges or one per slice of the axis.
  void use_plan(const quant::Plan* plan) { plan_ = plan; }

  std::vector<double>& constant(graph::TensorId id) { return constants_[id]; }
  const std::vector<double>& value(graph::TensorId id) const { return values_.at(id); }

  double loss() {
    run();
    const graph::Op& last = model_.ops.back();
    const graph::TensorId logits_id = last.kind == graph::OpKind::kSoftmax ? last.inputs[0] : model_.outputs[0];
    const std::vector<double>& logits = values_.at(logits_id);
    const size_t classes = logits.size() / static_cast<size_t>(n_);
    double sum = 0;
    for (size_t image = 0; image < static_cast<size_t>(n_); ++image) {
      const double* row = &logits[image * classes];
      const double top = *std::max_element(row, row + classes);
      double total = 0;
      for (size_t k = 0; k < classes; ++k) total += std::exp(row[k] - top);
      for (size_t k = 0; k < classes; ++k) {
        const double target =
            (static_cast<int32_t>(k) == labels_[image] ? 1 - smoothing_ : 0.0) + smoothing_ / static_cast<double>(classes);
        sum -= target * (row[k] - top - std::log(total));
      }
    }
    return sum / n_;
  }

  /// Central difference of the loss. The error is O(step^2) where the loss is smooth.
  double derivative(graph::TensorId id, size_t element, double step) {
    double& x = constants_[id][element];
    const double x0 = x;
    x = x0 + step;
    const double high = loss();
    x = x0 - step;
    const double low = loss();
    x = x0;
    return (high - low) / (2 * step);
  }

 private:
  using Values = std::vector<double>;

  struct Geometry {
    size_t n, h, w, c, oh, ow, oc;
  };
  const graph::Shape& shape(graph::TensorId id) const { return model_.tensor(id).shape; }
  Geometry geometry(const graph::Op& op) const {
    const graph::Shape& in = shape(op.inputs[0]);
    const graph::Shape& out = shape(op.outputs[0]);
    const auto extent = [](const graph::Shape& s, size_t axis) { return static_cast<size_t>(s[axis]); };
    return {static_cast<size_t>(n_), extent(in, 1), extent(in, 2), extent(in, 3), extent(out, 1), extent(out, 2), extent(out, 3)};
  }
  /// Filter, stride and dilation along height and width.
  struct Taps {
    numeric::Padding padding;
    int kh, kw, sh, sw, dh = 1, dw = 1;
  };
  static int64_t pad_before(numeric::Padding padding, size_t in, size_t out, int reach, int stride) {
    if (padding == numeric::Padding::kValid) return 0;
    return std::max<int64_t>((static_cast<int64_t>(out) - 1) * stride + reach - static_cast<int64_t>(in), 0) / 2;
  }

  /// Calls visit(output index, input index, ky, kx) for every pair that a window joins, channels left out.
  template <typename Visit>
  void for_each_tap(const Geometry& g, const Taps& t, const Visit& visit) const {
    const int64_t top = pad_before(t.padding, g.h, g.oh, (t.kh - 1) * t.dh + 1, t.sh);
    const int64_t left = pad_before(t.padding, g.w, g.ow, (t.kw - 1) * t.dw + 1, t.sw);
    for (size_t image = 0; image < g.n; ++image)
      for (size_t oy = 0; oy < g.oh; ++oy)
        for (size_t ox = 0; ox < g.ow; ++ox)
          for (int ky = 0; ky < t.kh; ++ky)
            for (int kx = 0; kx < t.kw; ++kx) {
              const int64_t y = static_cast<int64_t>(oy) * t.sh + ky * t.dh - top, x = static_cast<int64_t>(ox) * t.sw + kx * t.dw - left;
              if (y < 0 || x < 0 || y >= static_cast<int64_t>(g.h) || x >= static_cast<int64_t>(g.w)) continue;
              visit((image * g.oh + oy) * g.ow + ox, (image * g.h + static_cast<size_t>(y)) * g.w + static_cast<size_t>(x), ky, kx);
            }
  }

  void run() {
    values_[model_.inputs[0]] = quantized(model_.inputs[0], Values(images_.begin(), images_.end()));
    for (const graph::Op& op : model_.ops) values_[op.outputs[0]] = quantized(op.outputs[0], compute(op));
  }

  Values quantized(graph::TensorId id, Values x) {
    const quant::Quantizer* q = plan_ == nullptr ? nullptr : plan_->find(id);
    if (q == nullptr) return x;
    q = &plan_->range_of(*q);
    const graph::Shape& s = shape(id);
    size_t inner = 1;
    for (size_t axis = static_cast<size_t>(q->axis + 1); q->channels > 1 && axis < s.size(); ++axis) inner *= static_cast<size_t>(s[axis]);
    Values& offset = offsets_[id];
    const bool first = offset.empty();
    if (first) offset.resize(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      const size_t channel = q->channels > 1 ? i / inner % static_cast<size_t>(q->channels) : 0;
      const numeric::FakeQuantParams p = numeric::nudge_range(q->min[channel], q->max[channel], q->narrow);
      const double clamped = std::clamp<double>(x[i], p.nudged_min, p.nudged_max);
      // Rounded in double: the float32 operator may differ by a rounding of its result, never by a step (ties aside).
      if (first) offset[i] = std::floor((clamped - p.nudged_min) / p.scale - p.quant_zero + 0.5) * p.scale - clamped;
      x[i] = clamped + offset[i];
    }
    return x;
  }

  Values compute(const graph::Op& op) {
    using graph::OpKind;
    const Values& x = values_.at(op.inputs[0]);
    switch (op.kind) {
      case OpKind::kConv2D:
      case OpKind::kDepthwiseConv2D:
        return convolve(op, x);
      case OpKind::kFullyConnected:
        return multiply(op, x);
      case OpKind::kBatchNorm:
        return normalize(op, x);
      case OpKind::kRelu:
        return map(x, [](double v) { return std::max(v, 0.0); });
      case OpKind::kRelu6:
        return map(x, [](double v) { return std::clamp(v, 0.0, 6.0); });
      case OpKind::kHardSwish:
        return map(x, plain_hard_swish);
      case OpKind::kLogistic:
        return map(x, [](double v) { return 1 / (1 + std::exp(-v)); });
      case OpKind::kAdd:
        return add(x, values_.at(op.inputs[1]));
      case OpKind::kMul:
        return gate(op, x, values_.at(op.inputs[1]));
      case OpKind::kConcatenation:
        return concatenate(op);
      case OpKind::kMaxPool2D:
      case OpKind::kAveragePool2D:
        return pool(op, x);
      case OpKind::kMean:
        return mean(op, x);
      case OpKind::kPad:
        return pad(op, x);
      case OpKind::kReshape:
      case OpKind::kSoftmax:  // not part of the loss
        return x;
      default:
        check_failed("an operator that this network knows", graph::op_kind_name(op.kind));
    }
  }

  template <typename Function>
  static Values map(Values x, const Function& function) {
    for (double& v : x) v = function(v);
    return x;
  }
  static Values add(Values a, const Values& b) {
    for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
  }
  Values gate(const graph::Op& op, const Values& a, const Values& b) const {
    const graph::Shape& product = shape(op.outputs[0]);
    Values y(static_cast<size_t>(n_ * graph::elem_count(product)));
    for (size_t i = 0; i < y.size(); ++i) {
      y[i] = a[stretched_element(shape(op.inputs[0]), product, i)] * b[stretched_element(shape(op.inputs[1]), product, i)];
    }
    return y;
  }
  Values concatenate(const graph::Op& op) const {
    const graph::Shape& joined = shape(op.outputs[0]);
    Values y(static_cast<size_t>(n_ * graph::elem_count(joined)));
    size_t first = 0;
    for (graph::TensorId id : op.inputs) {
      const Values& part = values_.at(id);
      for (size_t i = 0; i < part.size(); ++i) y[joined_element(shape(id), joined, first, i)] = part[i];
      first += static_cast<size_t>(shape(id).back());
    }
    return y;
  }
  double bias(const graph::Op& op, size_t channel) {
    return op.inputs.size() > 2 && op.inputs[2] != graph::kNoTensor ? constants_[op.inputs[2]][channel] : 0.0;
  }
  template <typename Params>
  static Taps taps(const Params& p, int kh, int kw) {
    return {p.padding, kh, kw, p.stride_h, p.stride_w, p.dilation_h, p.dilation_w};
  }
  Values weights(const graph::Op& op) { return quantized(op.inputs[1], constants_[op.inputs[1]]); }

  Values convolve(const graph::Op& op, const Values& x) {
    const bool depthwise = op.kind == graph::OpKind::kDepthwiseConv2D;
    const Geometry g = geometry(op);
    const Values w = weights(op);
    const int kh = shape(op.inputs[1])[1], kw = shape(op.inputs[1])[2];
    const Taps t =
        depthwise ? taps(op.params_as<graph::DepthwiseConv2DParams>(), kh, kw) : taps(op.params_as<graph::Conv2DParams>(), kh, kw);
    Values y(g.n * g.oh * g.ow * g.oc);
    for (size_t i = 0; i < y.size(); ++i) y[i] = bias(op, i % g.oc);
    for_each_tap(g, t, [&](size_t out, size_t in, int ky, int kx) {
      const auto tap = static_cast<size_t>(ky * kw + kx), taps = static_cast<size_t>(kh * kw);
      for (size_t o = 0; o < g.oc; ++o) {
        double& sum = y[out * g.oc + o];
        if (depthwise) sum += x[in * g.c + o / (g.oc / g.c)] * w[tap * g.oc + o];
        for (size_t c = 0; !depthwise && c < g.c; ++c) sum += x[in * g.c + c] * w[(o * taps + tap) * g.c + c];
      }
    });
    return y;
  }
  Values multiply(const graph::Op& op, const Values& x) {
    const Values w = weights(op);
    const auto outs = static_cast<size_t>(shape(op.inputs[1])[0]), ins = static_cast<size_t>(shape(op.inputs[1])[1]);
    Values y(x.size() / ins * outs);
    for (size_t i = 0; i < y.size(); ++i) {
      y[i] = bias(op, i % outs);
      for (size_t k = 0; k < ins; ++k) y[i] += x[i / outs * ins + k] * w[i % outs * ins + k];
    }
    return y;
  }
  Values normalize(const graph::Op& op, const Values& x) {
    const auto channels = constants_[op.inputs[1]].size();
    const double rows = static_cast<double>(x.size() / channels);
    Values mean(channels), variance(channels), y(x.size());
    for (size_t i = 0; i < x.size(); ++i) mean[i % channels] += x[i] / rows;
    for (size_t i = 0; i < x.size(); ++i) variance[i % channels] += (x[i] - mean[i % channels]) * (x[i] - mean[i % channels]) / rows;
    const double epsilon = op.params_as<graph::BatchNormParams>().epsilon;
    for (size_t i = 0; i < x.size(); ++i) {
      const size_t c = i % channels;
      y[i] = constants_[op.inputs[1]][c] * (x[i] - mean[c]) / std::sqrt(variance[c] + epsilon) + constants_[op.inputs[2]][c];
    }
    return y;
  }
  Values pool(const graph::Op& op, const Values& x) {
    const auto& p = op.params_as<graph::Pool2DParams>();
    const Geometry g = geometry(op);
    const bool max = op.kind == graph::OpKind::kMaxPool2D;
    Values y(g.n * g.oh * g.ow * g.c, max ? -std::numeric_limits<double>::infinity() : 0.0), count(y.size());
    for_each_tap(g, {p.padding, p.filter_h, p.filter_w, p.stride_h, p.stride_w}, [&](size_t out, size_t in, int, int) {
      for (size_t c = 0; c < g.c; ++c) {
        double& value = y[out * g.c + c];
        value = max ? std::max(value, x[in * g.c + c]) : value + x[in * g.c + c];
        ++count[out * g.c + c];
      }
    });
    for (size_t i = 0; !max && i < y.size(); ++i) y[i] /= count[i];
    return y;
  }
  Values mean(const graph::Op& op, const Values& x) {
    const graph::Shape& in = shape(op.inputs[0]);
    const auto channels = static_cast<size_t>(in[3]), pixels = static_cast<size_t>(in[1] * in[2]);
    Values y(static_cast<size_t>(n_) * channels);
    for (size_t i = 0; i < x.size(); ++i) y[i / (pixels * channels) * channels + i % channels] += x[i] / static_cast<double>(pixels);
    return y;
  }
  Values pad(const graph::Op& op, const Values& x) {
    const Geometry g = geometry(op);
    const auto amounts = model_.tensor(op.inputs[1]).as<int32_t>();
    Values y(g.n * g.oh * g.ow * g.c);
    for (size_t i = 0; i < x.size(); ++i) {
      const size_t c = i % g.c, column = i / g.c % g.w, row = i / (g.c * g.w) % g.h, image = i / (g.c * g.w * g.h);
      const size_t top = static_cast<size_t>(amounts[2]), left = static_cast<size_t>(amounts[4]);
      y[((image * g.oh + row + top) * g.ow + column + left) * g.c + c] = x[i];
    }
    return y;
  }

  const graph::Graph& model_;
  std::vector<float> images_;
  int32_t n_;
  std::vector<int32_t> labels_;
  double smoothing_;
  const quant::Plan* plan_ = nullptr;
  std::map<graph::TensorId, Values> constants_, values_, offsets_;
};

}  // namespace liteqat::train
