// Ranges of activations, from calibration or a file, and the integer parameters that TFLite's post-training quantization makes of them.
#pragma once

#include <map>
#include <string>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/layer_type.h"

namespace liteqat::quant {

struct Range {
  float min = 0, max = 0;
  bool operator==(const Range&) const = default;
};

/// By tensor name, of every float activation.
using Ranges = std::map<std::string, Range>;

/// int8: scale (max - min) / 255 with zero inside the range, the zero point rounded from the end with the smaller error. int16: scale
/// max(|min|, |max|) / 32767, zero point 0. A range narrower than 1e-6 is widened as TFLite's converter does. Fails: kOutOfRange for bounds
/// that are not finite or the wrong way round.
Result<graph::Quantization> activation_params(const Range& range, LayerType type, const std::string& tensor);

Range hull(const Range& a, const Range& b);

}  // namespace liteqat::quant
