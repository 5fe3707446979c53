#include "ptq/rows.h"

#include <algorithm>
#include <map>

#include "base/rng.h"
#include "numeric/padding.h"
#include "quant/layer_type.h"

namespace liteqat::ptq {

using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

namespace {

constexpr uint64_t kSeed = 0x70745f726f7773;  // of the positions
constexpr int64_t kRowBlock = 32;             // images whose rows are held at a time

/// How a convolution walks its input.
struct Walk {
  int32_t in_h, in_w, in_c, out_h, out_w, filter_h, filter_w, stride_h, stride_w, dilation_h, dilation_w, before_h, before_w;
};

template <typename Params>
Walk make_walk(const Graph& model, const Op& op, const Params& p) {
  const graph::Shape &x = model.tensor(op.inputs[0]).shape, &w = model.tensor(op.inputs[1]).shape, &y = model.tensor(op.outputs[0]).shape;
  return {.in_h = x[1],
          .in_w = x[2],
          .in_c = x[3],
          .out_h = y[1],
          .out_w = y[2],
          .filter_h = w[1],
          .filter_w = w[2],
          .stride_h = p.stride_h,
          .stride_w = p.stride_w,
          .dilation_h = p.dilation_h,
          .dilation_w = p.dilation_w,
          .before_h = numeric::window_pad_before(p.padding, x[1], w[1], p.stride_h, p.dilation_h, y[1]),
          .before_w = numeric::window_pad_before(p.padding, x[2], w[2], p.stride_w, p.dilation_w, y[2])};
}

/// The patch under one output position, zeros outside; each input channel `repeat` times (a depthwise multiplier).
void append_patch(const Walk& walk, std::span<const float> image, int64_t position, int32_t repeat, std::vector<float>& rows) {
  const auto out_y = static_cast<int32_t>(position / walk.out_w), out_x = static_cast<int32_t>(position % walk.out_w);
  for (int32_t ky = 0; ky < walk.filter_h; ++ky) {
    for (int32_t kx = 0; kx < walk.filter_w; ++kx) {
      const int32_t y = out_y * walk.stride_h - walk.before_h + ky * walk.dilation_h;
      const int32_t x = out_x * walk.stride_w - walk.before_w + kx * walk.dilation_w;
      const bool inside = y >= 0 && y < walk.in_h && x >= 0 && x < walk.in_w;
      const size_t start =
          inside ? (static_cast<size_t>(y) * static_cast<size_t>(walk.in_w) + static_cast<size_t>(x)) * static_cast<size_t>(walk.in_c) : 0;
      for (int32_t channel = 0; channel < walk.in_c; ++channel) {
        const float value = inside ? image[start + static_cast<size_t>(channel)] : 0.0f;
        rows.insert(rows.end(), static_cast<size_t>(repeat), value);
      }
    }
  }
}

/// All positions if there are few, else drawn ones in rising order.
std::vector<int64_t> choose_positions(int64_t available, int64_t wanted, uint64_t stream) {
  std::vector<int64_t> positions;
  if (available <= wanted) {
    for (int64_t position = 0; position < available; ++position) positions.push_back(position);
    return positions;
  }
  Rng rng(kSeed, stream);
  for (int64_t k = 0; k < wanted; ++k) positions.push_back(rng.next_below(static_cast<uint32_t>(available)));
  std::ranges::sort(positions);
  return positions;
}

std::vector<float> rows_of(const Graph& model, const RowLayer& layer, std::span<const float> values, int64_t wanted, uint64_t stream) {
  const Op& op = model.ops[layer.op];
  std::vector<float> rows;
  if (op.kind == OpKind::kFullyConnected) {
    for (int64_t row : choose_positions(static_cast<int64_t>(values.size() / layer.width), wanted, stream)) {
      const auto begin = values.begin() + row * static_cast<int64_t>(layer.width);
      rows.insert(rows.end(), begin, begin + static_cast<int64_t>(layer.width));
    }
    return rows;
  }
  const Walk walk = layer.depthwise ? make_walk(model, op, op.params_as<graph::DepthwiseConv2DParams>())
                                    : make_walk(model, op, op.params_as<graph::Conv2DParams>());
  const int32_t repeat = layer.depthwise ? static_cast<int32_t>(layer.channels) / walk.in_c : 1;
  for (int64_t position : choose_positions(int64_t{walk.out_h} * walk.out_w, wanted, stream)) {
    append_patch(walk, values, position, repeat, rows);
  }
  return rows;
}

}  // namespace

std::vector<RowLayer> find_row_layers(const Graph& model) {
  std::vector<RowLayer> layers;
  for (size_t index = 0; index < model.ops.size(); ++index) {
    const Op& op = model.ops[index];
    if (!quant::has_channel_weights(op.kind) || op.kind == OpKind::kTransposeConv) continue;
    const Tensor &weights = model.tensor(op.inputs[1]), &x = model.tensor(op.inputs[0]);
    if (!weights.constant() || weights.type != DType::kFloat32 || x.constant()) continue;
    const bool depthwise = op.kind == OpKind::kDepthwiseConv2D;
    if (op.kind == OpKind::kConv2D && weights.shape[3] != x.shape[3]) continue;  // groups
    const auto elements = static_cast<size_t>(graph::elem_count(weights.shape));
    const auto channels = static_cast<size_t>(depthwise ? weights.shape[3] : weights.shape[0]);
    layers.push_back({.op = index, .width = depthwise ? elements : elements / channels, .depthwise = depthwise, .channels = channels});
  }
  return layers;
}

Status sample_rows(const Graph& model, const std::vector<RowLayer>& layers, const Images& images, const SampleOptions& options,
                   const Machine& machine, const std::function<void(size_t layer, std::span<const float> rows)>& consume) {
  std::vector<TensorId> tensors;  // each once, though several layers may read it
  std::map<TensorId, std::vector<size_t>> readers;
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    const TensorId input = model.ops[layers[layer].op].inputs[0];
    if (readers[input].empty()) tensors.push_back(input);
    readers[input].push_back(layer);
  }
  LITEQAT_ASSIGN_OR_RETURN(Observer observer, Observer::make(model, tensors, images, machine));
  const int64_t count = std::min(options.images, images.split.count);
  std::vector<std::vector<std::vector<float>>> held(static_cast<size_t>(kRowBlock), std::vector<std::vector<float>>(layers.size()));
  for (int64_t begin = 0; begin < count; begin += kRowBlock) {
    const int64_t end = std::min(count, begin + kRowBlock);
    LITEQAT_RETURN_IF_ERROR(observer.run(begin, end, [&](int64_t image, size_t index, std::span<const float> values, int) {
      for (size_t layer : readers.at(tensors[index])) {
        const auto stream = static_cast<uint64_t>(image) * layers.size() + layer;
        held[static_cast<size_t>(image - begin)][layer] = rows_of(model, layers[layer], values, options.positions, stream);
      }
    }));
    machine.pool.run(static_cast<int>(layers.size()), [&](int layer, int) {
      for (int64_t image = begin; image < end; ++image) {
        consume(static_cast<size_t>(layer), held[static_cast<size_t>(image - begin)][static_cast<size_t>(layer)]);
      }
    });
  }
  return {};
}

}  // namespace liteqat::ptq
