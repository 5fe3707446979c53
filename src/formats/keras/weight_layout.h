// Keras keeps the output axis of a kernel last, TFLite first. Private to formats/keras.
#pragma once

#include <span>
#include <vector>

namespace liteqat::formats::keras {

/// (H, W, in, out) -> [out, H, W, in] and (in, out) -> [out, in]. Requires: outputs >= 1 divides the number of values.
inline std::vector<float> outputs_first(std::span<const float> values, int64_t outputs) {
  const size_t outs = static_cast<size_t>(outputs), rest = values.size() / outs;
  std::vector<float> turned(values.size());
  for (size_t i = 0; i < rest; ++i) {
    for (size_t out = 0; out < outs; ++out) turned[out * rest + i] = values[i * outs + out];
  }
  return turned;
}

}  // namespace liteqat::formats::keras
