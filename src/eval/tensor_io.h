// Real numbers into a deployed model's input and out of its output, as the QUANTIZE and DEQUANTIZE operators of LiteRT's reference kernels
// do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "graph/graph.h"

namespace liteqat::eval {

/// float32 inputs are copied; int8 and uint8 get clamp(round_half_away(real / scale) + zero_point) in float32. Requires: finite numbers for
/// integer inputs, one scale, out of the input's size.
void write_input(std::span<const float> real, const graph::Tensor& input, std::span<std::byte> out);

/// Pixels of images with `channels` channels through a table [channels, 256] of codes, as write_input makes it of the real values.
void write_pixels(std::span<const uint8_t> pixels, std::span<const std::byte> codes, size_t channels, std::span<std::byte> out);

/// float32 outputs are copied; int8 and uint8 give float(scale * (q - zero_point)), computed in double. Requires: one scale.
void read_output(const graph::Tensor& output, std::span<const std::byte> bytes, std::span<float> out);

}  // namespace liteqat::eval
