#include "pipeline/stacked_inputs.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "eval/tensor_io.h"
#include "pipeline/npy_type.h"

namespace liteqat::pipeline {
namespace {

namespace npy = formats::npy;

/// Integer models have no code for NaN or infinity.
Status check_finite(const npy::Array& array, const std::string& path) {
  if (array.dtype != npy_type(graph::DType::kFloat32)) return {};
  const auto values = array.as<float>();
  const auto broken = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  if (broken == values.end()) return {};
  return error(Code::kOutOfRange, "{}: element {} is {}, a finite number was expected", path, broken - values.begin(), *broken);
}

}  // namespace

std::vector<int64_t> Stacking::stacked_shape(const graph::Shape& one) const {
  std::vector<int64_t> shape(one.begin(), one.end());
  if (new_axis || shape.empty() || shape[0] != 1) {
    shape.insert(shape.begin(), count);
  } else {
    shape[0] = count;
  }
  return shape;
}

Result<Stacking> find_stacking(const std::vector<int64_t>& shape, const graph::Tensor& input, const std::string& path) {
  if (!shape.empty()) {
    for (const bool new_axis : {true, false}) {
      const Stacking stacking{shape[0], new_axis};
      if (shape == stacking.stacked_shape(input.shape)) return stacking;
    }
  }
  return error(Code::kMismatch, "{}: shape {} does not stack inputs of shape {}", path, extents_text(shape),
               graph::shape_text(input.shape));
}

bool has_codes(const graph::Tensor& tensor) {
  return (tensor.type == graph::DType::kInt8 || tensor.type == graph::DType::kUInt8) && tensor.quantization.scale.size() == 1;
}

Result<InputConverter> InputConverter::make(const npy::Array& array, const graph::Tensor& input, data::Normalization normalization,
                                            bool raw, const std::string& path) {
  InputConverter converter(array, input, std::move(normalization));
  if (raw || array.dtype == npy_type(graph::DType::kFloat32) || array.dtype == npy_type(graph::DType::kUInt8)) {
    converter.copy_ = raw || (array.dtype == "<f4" && input.type == graph::DType::kFloat32);
    if (raw && array.dtype != npy_type(input.type)) {
      return error(Code::kMismatch, "{}: holds {}, with --raw the model takes {} ({})", path, array.dtype, npy_type(input.type),
                   graph::dtype_name(input.type));
    }
    if (raw) return converter;
    if (input.type != graph::DType::kFloat32 && !has_codes(input)) {
      return error(Code::kUnsupported, "{}: the model's input is {}; use --raw", path, graph::dtype_name(input.type));
    }
    LITEQAT_RETURN_IF_ERROR(check_finite(array, path));
    return converter;
  }
  return error(Code::kMismatch, "{}: holds {}; without --raw give uint8 pixels or float32 model inputs", path, array.dtype);
}

void InputConverter::convert(int64_t index, std::span<std::byte> out) const {
  const auto elems = static_cast<size_t>(graph::elem_count(input_.shape));
  const size_t stored_bytes = elems * static_cast<size_t>(npy::dtype_bytes(array_.dtype));
  const std::byte* stored = array_.data.data() + static_cast<size_t>(index) * stored_bytes;
  if (copy_) {
    std::memcpy(out.data(), stored, stored_bytes);
    return;
  }
  const size_t channels = input_.shape.empty() ? 1 : static_cast<size_t>(input_.shape.back());
  std::vector<float> real(elems);
  for (size_t i = 0; i < elems; ++i) real[i] = real_value(stored, i, i % channels);
  eval::write_input(real, input_, out);
}

float InputConverter::real_value(const std::byte* stored, size_t i, size_t channel) const {
  if (array_.dtype == "<f4") {
    float value;
    std::memcpy(&value, stored + i * sizeof value, sizeof value);
    return value;
  }
  const auto of = [channel](const std::vector<float>& values) { return values.size() == 1 ? values[0] : values[channel]; };
  return (static_cast<float>(std::to_integer<uint8_t>(stored[i])) - of(normalization_.mean)) / of(normalization_.std);
}

}  // namespace liteqat::pipeline
