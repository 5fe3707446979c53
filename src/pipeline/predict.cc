#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/file.h"
#include "base/text.h"
#include "eval/tensor_io.h"
#include "formats/npy/npy.h"
#include "pipeline/evaluation.h"
#include "pipeline/npy_type.h"
#include "quant/lower.h"

namespace liteqat::pipeline {
namespace {

namespace npy = formats::npy;

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += format("{}{}", i ? "," : "", shape[i]);
  return text + "]";
}

/// How N inputs are stacked: on a new first axis, or on a batch axis of extent 1.
struct Stacking {
  int64_t count = 0;
  bool new_axis = false;

  std::vector<int64_t> stacked_shape(const graph::Shape& one) const {
    std::vector<int64_t> shape(one.begin(), one.end());
    if (new_axis) {
      shape.insert(shape.begin(), count);
    } else {
      shape[0] = count;
    }
    return shape;
  }
};

Result<Stacking> find_stacking(const std::vector<int64_t>& shape, const graph::Tensor& input, const std::string& path) {
  if (!shape.empty()) {
    const Stacking on_new_axis{shape[0], true};
    if (shape == on_new_axis.stacked_shape(input.shape)) return on_new_axis;
    const Stacking on_batch{shape[0], false};
    if (!input.shape.empty() && input.shape[0] == 1 && shape == on_batch.stacked_shape(input.shape)) return on_batch;
  }
  return error(Code::kMismatch, "{}: shape {} does not stack inputs of shape {}", path, shape_text(shape), graph::shape_text(input.shape));
}

/// int8 or uint8 with one scale: what write_input and read_output convert.
bool has_codes(const graph::Tensor& tensor) {
  return (tensor.type == graph::DType::kInt8 || tensor.type == graph::DType::kUInt8) && tensor.quantization.scale.size() == 1;
}

/// Integer models have no code for NaN or infinity.
Status check_finite(const npy::Array& array, const std::string& path) {
  if (array.dtype != npy_type(graph::DType::kFloat32)) return {};
  const auto values = array.as<float>();
  const auto broken = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  if (broken == values.end()) return {};
  return error(Code::kOutOfRange, "{}: element {} is {}, a finite number was expected", path, broken - values.begin(), *broken);
}

/// Turns one stored input into the bytes the model takes.
class InputConverter {
 public:
  static Result<InputConverter> make(const npy::Array& array, const graph::Tensor& input, const data::Normalization& normalization,
                                     bool raw, const std::string& path) {
    InputConverter converter(array, input, normalization);
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

  void convert(int64_t index, std::span<std::byte> out) const {
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

 private:
  InputConverter(const npy::Array& array, const graph::Tensor& input, const data::Normalization& normalization)
      : array_(array), input_(input), normalization_(normalization) {}

  float real_value(const std::byte* stored, size_t i, size_t channel) const {
    if (array_.dtype == "<f4") {
      float value;
      std::memcpy(&value, stored + i * sizeof value, sizeof value);
      return value;
    }
    const auto of = [channel](const std::vector<float>& values) { return values.size() == 1 ? values[0] : values[channel]; };
    return (static_cast<float>(std::to_integer<uint8_t>(stored[i])) - of(normalization_.mean)) / of(normalization_.std);
  }

  const npy::Array& array_;
  const graph::Tensor& input_;
  const data::Normalization& normalization_;
  bool copy_ = false;
};

/// Inputs as they are stored, or the pixels of image files.
Result<npy::Array> read_inputs(const PredictInputs& inputs, const graph::Graph& model, ThreadPool& pool) {
  if (!names_images(inputs.inputs)) {
    LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(inputs.inputs));
    return npy::read(bytes, inputs.inputs);
  }
  LITEQAT_ASSIGN_OR_RETURN(const data::Split images,
                           read_unlabelled_images({.folder = inputs.inputs, .images = inputs.images, .model = &model}, pool));
  LITEQAT_RETURN_IF_ERROR(write_text_file(inputs.output + ".files.txt", join(images.files, "\n") + "\n"));
  const auto pixels = std::as_bytes(std::span(images.pixels));
  return npy::Array{"|u1", {images.count, images.height, images.width, images.channels}, Bytes(pixels.begin(), pixels.end())};
}

}  // namespace

Status predict_to_file(const PredictInputs& inputs, Isa isa, ThreadPool& pool, Progress& progress) {
  LITEQAT_ASSIGN_OR_RETURN(const runtime::Profile profile, runtime::parse_profile(inputs.arithmetic));
  LITEQAT_ASSIGN_OR_RETURN(AnyModel any, read_any_model(inputs.model));
  note_inactive_layers(any, inputs.model, progress);
  if (!any.deployed && !any.imported) {
    return error(Code::kUnsupported, "{}: predict runs .tflite and Keras files; convert the model first", inputs.model);
  }
  if (any.imported) {
    LITEQAT_ASSIGN_OR_RETURN(any.model.graph, quant::lower_to_float(any.model.graph));
  }
  const graph::Graph& graph = any.model.graph;
  if (graph.inputs.size() != 1 || graph.outputs.size() != 1) {
    return error(Code::kUnsupported, "{}: has {} inputs and {} outputs, one of each is expected", inputs.model, graph.inputs.size(),
                 graph.outputs.size());
  }
  LITEQAT_ASSIGN_OR_RETURN(const npy::Array array, read_inputs(inputs, graph, pool));
  std::vector<runtime::Interpreter> interpreters;
  for (int worker = 0; worker < pool.threads(); ++worker) {
    auto interpreter = runtime::Interpreter::prepare(graph, {.profile = profile, .stored_shapes = true, .isa = isa});
    if (!interpreter.ok()) return interpreter.status().with_context(inputs.model);
    interpreters.push_back(*std::move(interpreter));
  }
  const graph::Tensor& input = interpreters[0].input_tensor(0);
  const graph::Tensor& output = interpreters[0].output_tensor(0);
  LITEQAT_ASSIGN_OR_RETURN(const Stacking stacking, find_stacking(array.shape, input, inputs.inputs));
  SilentProgress raw_needs_no_note;
  LITEQAT_ASSIGN_OR_RETURN(const data::Normalization normalization,
                           choose_normalization(inputs.preprocessing, graph, inputs.model, input.shape.empty() ? 1 : input.shape.back(),
                                                inputs.raw ? raw_needs_no_note : progress));
  LITEQAT_ASSIGN_OR_RETURN(const InputConverter converter, InputConverter::make(array, input, normalization, inputs.raw, inputs.inputs));

  const bool dequantized = !inputs.raw && has_codes(output);
  npy::Array result;
  result.dtype = dequantized ? "<f4" : npy_type(output.type);
  result.shape = stacking.stacked_shape(output.shape);
  const auto one_bytes = static_cast<size_t>(graph::elem_count(output.shape) * npy::dtype_bytes(result.dtype));
  result.data.resize(one_bytes * static_cast<size_t>(stacking.count));
  pool.run(static_cast<int>(stacking.count), [&](int index, int worker) {
    runtime::Interpreter& interpreter = interpreters[static_cast<size_t>(worker)];
    converter.convert(index, interpreter.input(0));
    interpreter.invoke();
    std::byte* target = result.data.data() + one_bytes * static_cast<size_t>(index);
    if (dequantized) {
      eval::read_output(output, interpreter.output(0), {reinterpret_cast<float*>(target), one_bytes / sizeof(float)});
    } else {
      std::memcpy(target, interpreter.output(0).data(), one_bytes);
    }
  });
  return write_file(inputs.output, npy::write(result));
}

}  // namespace liteqat::pipeline
