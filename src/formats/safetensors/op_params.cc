#include "formats/safetensors/op_params.h"

#include <array>
#include <vector>

namespace liteqat::formats::safetensors {
namespace {

using graph::OpKind;
using nlohmann::json;

constexpr std::pair<const char*, graph::Padding> kPaddings[] = {{"same", graph::Padding::kSame}, {"valid", graph::Padding::kValid}};
constexpr std::pair<const char*, graph::Activation> kActivations[] = {{"none", graph::Activation::kNone},
                                                                      {"relu", graph::Activation::kRelu},
                                                                      {"relu6", graph::Activation::kRelu6},
                                                                      {"relu_n1_to_1", graph::Activation::kReluN1To1}};

struct ParamsToJson {
  json operator()(const std::monostate&) const { return json::object(); }
  json operator()(const graph::Conv2DParams& p) const { return window(p); }
  json operator()(const graph::DepthwiseConv2DParams& p) const {
    json value = window(p);
    value["depth_multiplier"] = p.depth_multiplier;
    return value;
  }
  json operator()(const graph::FullyConnectedParams& p) const {
    return {{"activation", enum_text(p.activation, kActivations)},
            {"keep_num_dims", p.keep_num_dims},
            {"asymmetric_inputs", p.asymmetric_inputs}};
  }
  json operator()(const graph::BatchNormParams& p) const { return {{"epsilon", p.epsilon}, {"momentum", p.momentum}}; }
  json operator()(const graph::Pool2DParams& p) const {
    return {{"padding", enum_text(p.padding, kPaddings)},
            {"stride", {p.stride_h, p.stride_w}},
            {"filter", {p.filter_h, p.filter_w}},
            {"activation", enum_text(p.activation, kActivations)}};
  }
  json operator()(const graph::ArithmeticParams& p) const {
    return {{"activation", enum_text(p.activation, kActivations)}, {"power_of_two_int16", p.power_of_two_int16}};
  }
  json operator()(const graph::SoftmaxParams& p) const { return {{"beta", p.beta}}; }
  json operator()(const graph::ReductionParams& p) const { return {{"keep_dims", p.keep_dims}}; }
  json operator()(const graph::TransposeConvParams& p) const {
    return {{"padding", enum_text(p.padding, kPaddings)},
            {"stride", {p.stride_h, p.stride_w}},
            {"activation", enum_text(p.activation, kActivations)}};
  }
  json operator()(const graph::LeakyReluParams& p) const { return {{"alpha", p.alpha}}; }
  json operator()(const graph::MirrorPadParams& p) const { return {{"symmetric", p.symmetric}}; }
  json operator()(const graph::SqueezeParams& p) const { return {{"axes", p.axes}}; }
  json operator()(const graph::AxisParams& p) const { return {{"axis", p.axis}, {"activation", enum_text(p.activation, kActivations)}}; }
  json operator()(const graph::SplitParams& p) const { return {{"parts", p.parts}}; }
  json operator()(const graph::StridedSliceParams& p) const {
    return {{"masks", {p.begin_mask, p.end_mask, p.ellipsis_mask, p.new_axis_mask, p.shrink_axis_mask}},
            {"end_is_offset", p.end_is_offset}};
  }
  json operator()(const graph::BlockParams& p) const { return {{"block", p.block}}; }
  json operator()(const graph::ResizeParams& p) const {
    return {{"align_corners", p.align_corners}, {"half_pixel_centers", p.half_pixel_centers}};
  }

  template <typename P>
  static json window(const P& p) {
    return {{"padding", enum_text(p.padding, kPaddings)},
            {"stride", {p.stride_h, p.stride_w}},
            {"dilation", {p.dilation_h, p.dilation_w}},
            {"activation", enum_text(p.activation, kActivations)}};
  }
};

template <typename P>
void parse_window(const json& value, P& p) {
  p.padding = parse_enum(value.at("padding"), kPaddings);
  p.stride_h = value.at("stride").at(0).get<int32_t>();
  p.stride_w = value.at("stride").at(1).get<int32_t>();
  p.activation = parse_enum(value.at("activation"), kActivations);
}

template <typename P>
void parse_dilation(const json& value, P& p) {
  p.dilation_h = value.at("dilation").at(0).get<int32_t>();
  p.dilation_w = value.at("dilation").at(1).get<int32_t>();
}

graph::OpParams parse_layout_params(OpKind kind, const json& value) {
  switch (kind) {
    case OpKind::kMirrorPad:
      return graph::MirrorPadParams{.symmetric = value.at("symmetric").get<bool>()};
    case OpKind::kSqueeze:
      return graph::SqueezeParams{.axes = value.at("axes").get<std::vector<int32_t>>()};
    case OpKind::kConcatenation:
    case OpKind::kPack:
      return graph::AxisParams{.axis = value.at("axis").get<int32_t>(), .activation = parse_enum(value.at("activation"), kActivations)};
    case OpKind::kSplit:
      return graph::SplitParams{.parts = value.at("parts").get<int32_t>()};
    case OpKind::kStridedSlice: {
      const auto masks = value.at("masks").get<std::array<int32_t, 5>>();
      return graph::StridedSliceParams{masks[0], masks[1], masks[2], masks[3], masks[4], value.at("end_is_offset").get<bool>()};
    }
    case OpKind::kDepthToSpace:
      return graph::BlockParams{.block = value.at("block").get<int32_t>()};
    case OpKind::kResizeBilinear:
    case OpKind::kResizeNearestNeighbor:
      return graph::ResizeParams{.align_corners = value.at("align_corners").get<bool>(),
                                 .half_pixel_centers = value.at("half_pixel_centers").get<bool>()};
    default:
      return std::monostate{};
  }
}

}  // namespace

json params_to_json(const graph::OpParams& params) {
  return std::visit(ParamsToJson{}, params);
}

graph::OpParams parse_params(OpKind kind, const json& value) {
  switch (kind) {
    case OpKind::kConv2D: {
      graph::Conv2DParams p;
      parse_window(value, p);
      parse_dilation(value, p);
      return p;
    }
    case OpKind::kDepthwiseConv2D: {
      graph::DepthwiseConv2DParams p;
      parse_window(value, p);
      parse_dilation(value, p);
      p.depth_multiplier = value.at("depth_multiplier").get<int32_t>();
      return p;
    }
    case OpKind::kFullyConnected:
      return graph::FullyConnectedParams{.activation = parse_enum(value.at("activation"), kActivations),
                                         .keep_num_dims = value.at("keep_num_dims").get<bool>(),
                                         .asymmetric_inputs = value.value("asymmetric_inputs", false)};
    case OpKind::kBatchNorm:
      return graph::BatchNormParams{.epsilon = value.at("epsilon").get<float>(), .momentum = value.at("momentum").get<float>()};
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D: {
      graph::Pool2DParams p;
      parse_window(value, p);
      p.filter_h = value.at("filter").at(0).get<int32_t>();
      p.filter_w = value.at("filter").at(1).get<int32_t>();
      return p;
    }
    case OpKind::kSoftmax:
      return graph::SoftmaxParams{.beta = value.at("beta").get<float>()};
    case OpKind::kLeakyRelu:
      return graph::LeakyReluParams{.alpha = value.at("alpha").get<float>()};
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kL2Normalization:
      return graph::ArithmeticParams{.activation = parse_enum(value.at("activation"), kActivations),
                                     .power_of_two_int16 = value.value("power_of_two_int16", true)};
    case OpKind::kMean:
    case OpKind::kSum:
    case OpKind::kReduceMax:
      return graph::ReductionParams{.keep_dims = value.at("keep_dims").get<bool>()};
    case OpKind::kTransposeConv: {
      graph::TransposeConvParams p;
      parse_window(value, p);
      return p;
    }
    default:
      return parse_layout_params(kind, value);
  }
}

}  // namespace liteqat::formats::safetensors
