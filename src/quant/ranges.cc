#include "quant/ranges.h"

#include <algorithm>
#include <cmath>

#include "numeric/fake_quant.h"

namespace liteqat::quant {

Range hull(const Range& a, const Range& b) {
  return {std::min(a.min, b.min), std::max(a.max, b.max)};
}

Result<graph::Quantization> activation_params(const Range& range, LayerType type, const std::string& tensor) {
  if (!std::isfinite(range.min) || !std::isfinite(range.max) || range.min > range.max) {
    return error(Code::kOutOfRange, "the range of tensor \"{}\" is [{}, {}]: finite numbers in this order are expected", tensor, range.min,
                 range.max);
  }
  const float low = std::min(range.min, 0.0f), high = std::max(range.max, 0.0f);
  graph::Quantization params;
  if (type == LayerType::kInt16x8) {
    const float reach = std::max(std::max(-low, high), 5e-7f);
    params = {.scale = {static_cast<float>(static_cast<double>(reach) / 32767.0)}, .zero_point = {0}};
  } else {
    const numeric::ConvertedParams converted = numeric::converted_params(low, high, false);
    params = {.scale = {static_cast<float>(converted.scale)}, .zero_point = {converted.zero_point}};
  }
  if (std::isfinite(params.scale[0]) && params.scale[0] > 0.0f) return params;
  return error(Code::kOutOfRange, "the range of tensor \"{}\" is [{}, {}], which gives no positive finite scale", tensor, range.min,
               range.max);
}

}  // namespace liteqat::quant
