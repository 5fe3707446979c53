#include "eval/tensor_io.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace liteqat::eval {

using graph::DType;
using graph::Tensor;

void write_input(std::span<const float> real, const Tensor& input, std::span<std::byte> out) {
  if (input.type == DType::kFloat32) {
    std::memcpy(out.data(), real.data(), real.size_bytes());
    return;
  }
  const bool is_signed = input.type == DType::kInt8;
  const float low = is_signed ? -128.0f : 0.0f, high = is_signed ? 127.0f : 255.0f;
  const float scale = input.quantization.scale[0];
  const auto zero_point = static_cast<float>(input.quantization.zero_point[0]);
  for (size_t i = 0; i < real.size(); ++i) {
    out[i] = static_cast<std::byte>(static_cast<int32_t>(std::clamp(std::round(real[i] / scale) + zero_point, low, high)));
  }
}

void write_pixels(std::span<const uint8_t> pixels, std::span<const std::byte> codes, size_t channels, std::span<std::byte> out) {
  if (channels == 3) {
    for (size_t i = 0; i + 2 < pixels.size(); i += 3) {
      out[i] = codes[pixels[i]];
      out[i + 1] = codes[256 + pixels[i + 1]];
      out[i + 2] = codes[512 + pixels[i + 2]];
    }
    return;
  }
  for (size_t i = 0; i < pixels.size(); ++i) out[i] = codes[i % channels * 256 + pixels[i]];
}

void read_output(const Tensor& output, std::span<const std::byte> bytes, std::span<float> out) {
  if (output.type == DType::kFloat32) {
    std::memcpy(out.data(), bytes.data(), out.size_bytes());
    return;
  }
  const auto scale = static_cast<double>(output.quantization.scale[0]);
  const int64_t zero_point = output.quantization.zero_point[0];
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t q = output.type == DType::kInt8 ? static_cast<int8_t>(bytes[i]) : std::to_integer<int64_t>(bytes[i]);
    out[i] = static_cast<float>(scale * static_cast<double>(q - zero_point));
  }
}

}  // namespace liteqat::eval
