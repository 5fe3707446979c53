#include "pipeline/known_answers.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>

#include "eval/tensor_io.h"
#include "formats/npy/npy.h"
#include "pipeline/npy_type.h"
#include "runtime/interpreter.h"

namespace liteqat::pipeline {

using graph::DType;
using graph::Tensor;

namespace {

constexpr size_t kPerLine = 16;

/// Letters, digits and underscores, not beginning with a digit.
std::string c_name(const std::string& text) {
  std::string name;
  for (char letter : text) name += std::isalnum(static_cast<unsigned char>(letter)) != 0 ? letter : '_';
  return name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0 ? "_" + name : name;
}

std::string print_values(const Tensor& tensor, std::span<const std::byte> bytes) {
  std::string text;
  const auto print_all = [&]<typename T>(T) {
    for (size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
      T value;
      std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
      text += i % kPerLine == 0 ? "\n  " : " ";
      if constexpr (std::is_same_v<T, float>) {
        text += format("{:a}f,", value);  // hexadecimal: every bit, in C and C++17
      } else {
        text += format("{},", static_cast<int64_t>(value));
      }
    }
  };
  if (tensor.type == DType::kInt8) print_all(int8_t{});
  if (tensor.type == DType::kUInt8) print_all(uint8_t{});
  if (tensor.type == DType::kInt16) print_all(int16_t{});
  if (tensor.type == DType::kFloat32) print_all(float{});
  return text;
}

const char* c_type(DType type) {
  if (type == DType::kFloat32) return "float";
  if (type == DType::kInt16) return "int16_t";
  return type == DType::kInt8 ? "int8_t" : "uint8_t";
}

std::string print_declaration(const std::string& name, const Tensor& tensor, int64_t count, std::span<const std::byte> bytes) {
  const int64_t each = count == 0 ? 0 : static_cast<int64_t>(bytes.size()) / graph::dtype_bytes(tensor.type) / count;
  return format("static const {} {}[{}][{}] = {{{}\n}};\n", c_type(tensor.type), name, count, each, print_values(tensor, bytes));
}

Status write_array(const std::string& path, const Tensor& tensor, int64_t count, const Bytes& bytes) {
  formats::npy::Array array;
  array.dtype = npy_type(tensor.type);
  array.shape.assign(tensor.shape.begin(), tensor.shape.end());
  array.shape[0] = count;
  array.data = bytes;
  return write_file(path, formats::npy::write(array));
}

}  // namespace

Status write_vectors(const graph::Graph& model, const ptq::Images& images, int64_t count, Isa isa, const std::string& folder) {
  if (model.inputs.size() != 1 || model.outputs.size() != 1) {
    return error(Code::kUnsupported, "--vectors: the model has {} inputs and {} outputs, one of each is expected", model.inputs.size(),
                 model.outputs.size());
  }
  LITEQAT_ASSIGN_OR_RETURN(auto interpreter, runtime::Interpreter::prepare(model, {.isa = isa}));
  const Tensor &input = interpreter.input_tensor(0), &output = interpreter.output_tensor(0);
  if (graph::elem_count(input.shape) != images.split.image_elems()) {
    return error(Code::kMismatch, "--vectors: the model takes {}, the images are {}x{}x{}", graph::shape_text(input.shape),
                 images.split.height, images.split.width, images.split.channels);
  }
  const data::BatchFiller filler(images.split, images.normalization, {}, 0);
  const int64_t used = std::min(count, images.split.count);
  std::vector<float> pixels(static_cast<size_t>(images.split.image_elems()));
  Bytes inputs, outputs;
  for (int32_t image = 0; image < used; ++image) {
    filler.fill({&image, 1}, 0, pixels);
    eval::write_input(pixels, input, interpreter.input(0));
    inputs.insert(inputs.end(), interpreter.input(0).begin(), interpreter.input(0).end());  // invoke() may overwrite it
    interpreter.invoke();
    outputs.insert(outputs.end(), interpreter.output(0).begin(), interpreter.output(0).end());
  }
  LITEQAT_RETURN_IF_ERROR(make_folder(folder));
  LITEQAT_RETURN_IF_ERROR(write_array(folder + "/inputs.npy", input, used, inputs));
  LITEQAT_RETURN_IF_ERROR(write_array(folder + "/outputs.npy", output, used, outputs));
  const std::string header =
      "// Known answers of liteqat's runtime in the arithmetic of LiteRT's reference kernels.\n#pragma once\n\n#include <stdint.h>\n\n" +
      print_declaration("known_inputs", input, used, inputs) + "\n" + print_declaration("known_outputs", output, used, outputs);
  return write_text_file(folder + "/vectors.h", header);
}

std::string print_c_array(std::span<const std::byte> bytes, const std::string& header_path) {
  const std::string name = c_name(std::filesystem::path(header_path).stem().string());
  std::string text = format("// A .tflite model of {} bytes. In C before C23, <stdalign.h> gives alignas.\n#pragma once\n\n", bytes.size());
  text += format("#ifndef __cplusplus\n#include <stdalign.h>\n#endif\n\nalignas(16) static const unsigned char {}[] = {{", name);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i % kPerLine == 0) text += "\n ";
    text += format(" 0x{:02x},", static_cast<unsigned>(bytes[i]));
  }
  return text + format("\n}};\nstatic const unsigned int {}_len = {};\n", name, bytes.size());
}

}  // namespace liteqat::pipeline
