// Runs a .tflite model on stacked inputs, raw codes or floats in and out, for the tests against other runtimes.
//
//   liteqat_run_tflite MODEL IN.npy OUT.npy [--isa NAME] [--arithmetic PROFILE] [--batch N] [--threads N] [--steps] [--layers PREFIX]
//
// IN has the images on axis 0. --batch is how many run at once (the last batch is filled up with zeros); --steps names the kernels;
// --layers writes what every operator gave for the last batch to PREFIX<index>.npy.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "formats/npy/npy.h"
#include "formats/tflite/tflite.h"
#include "runtime/interpreter.h"

namespace {

using liteqat::Bytes;
using liteqat::Code;
using liteqat::error;
using liteqat::Isa;
using liteqat::Result;
using liteqat::Status;
namespace npy = liteqat::formats::npy;

struct Arguments {
  std::string model, input, output, layers;
  Isa isa = Isa::kReference;
  liteqat::runtime::Profile profile = liteqat::runtime::Profile::kLitertReference;
  int32_t batch = 1, threads = 1;
  bool steps = false;
};

Result<Arguments> parse_arguments(int count, char** values) {
  Arguments arguments;
  std::vector<std::string> paths;
  for (int position = 1; position < count; ++position) {
    const std::string value = values[position];
    if (value == "--steps") {
      arguments.steps = true;
    } else if (value == "--batch" && position + 1 < count) {
      arguments.batch = std::atoi(values[++position]);
    } else if (value == "--threads" && position + 1 < count) {
      arguments.threads = std::atoi(values[++position]);
    } else if (value == "--layers" && position + 1 < count) {
      arguments.layers = values[++position];
    } else if (value == "--arithmetic" && position + 1 < count) {
      LITEQAT_ASSIGN_OR_RETURN(arguments.profile, liteqat::runtime::parse_profile(values[++position]));
    } else if (value == "--isa" && position + 1 < count) {
      const std::string name = values[++position];
      const auto supported = liteqat::supported_isas();
      const auto found = std::ranges::find_if(supported, [&](Isa isa) { return name == liteqat::isa_name(isa); });
      if (found == supported.end()) return error(Code::kInvalidArgument, "instruction set '{}' is not supported here", name);
      arguments.isa = *found;
    } else {
      paths.push_back(value);
    }
  }
  if (paths.size() != 3) return error(Code::kInvalidArgument, "usage: liteqat_run_tflite MODEL IN.npy OUT.npy [--isa NAME] [--batch N]");
  arguments.model = paths[0];
  arguments.input = paths[1];
  arguments.output = paths[2];
  return arguments;
}

std::string npy_dtype(liteqat::graph::DType type) {
  switch (type) {
    case liteqat::graph::DType::kInt8:
      return "|i1";
    case liteqat::graph::DType::kUInt8:
      return "|u1";
    case liteqat::graph::DType::kBool:
      return "|b1";
    case liteqat::graph::DType::kInt16:
      return "<i2";
    case liteqat::graph::DType::kInt32:
      return "<i4";
    case liteqat::graph::DType::kInt64:
      return "<i8";
    case liteqat::graph::DType::kFloat16:
      return "<f2";
    default:
      return "<f4";
  }
}

npy::Array make_array(const liteqat::graph::Tensor& tensor, Bytes data) {
  return {.dtype = npy_dtype(tensor.type), .shape = {tensor.shape.begin(), tensor.shape.end()}, .data = std::move(data)};
}

/// Makes every operator's result an output of the graph, after the real ones.
void expose_layers(liteqat::graph::Graph& model) {
  for (const auto& op : model.ops) model.outputs.push_back(op.outputs[0]);
}

Status write_layers(const liteqat::runtime::Interpreter& interpreter, size_t first, size_t count, const std::string& prefix) {
  for (size_t layer = 0; layer < count; ++layer) {
    const auto values = interpreter.output(first + layer);
    const npy::Array array = make_array(interpreter.output_tensor(first + layer), Bytes(values.begin(), values.end()));
    LITEQAT_RETURN_IF_ERROR(liteqat::write_file(liteqat::format("{}{}.npy", prefix, layer), npy::write(array)));
  }
  return {};
}

Status run(const Arguments& arguments) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes model_bytes, liteqat::read_file(arguments.model));
  LITEQAT_ASSIGN_OR_RETURN(auto model, liteqat::formats::tflite::read(model_bytes, arguments.model));
  const size_t real_outputs = model.outputs.size();
  if (!arguments.layers.empty()) expose_layers(model);
  const liteqat::runtime::Options options = {
      .profile = arguments.profile, .batch = arguments.batch, .isa = arguments.isa, .threads = arguments.threads};
  LITEQAT_ASSIGN_OR_RETURN(auto interpreter, liteqat::runtime::Interpreter::prepare(model, options));
  if (arguments.steps) {
    for (const auto& step : interpreter.steps()) std::printf("%3d %-20s %s\n", step.op_index, step.op.c_str(), step.kernel.c_str());
    std::printf("arena %lld live peak %lld\n", static_cast<long long>(interpreter.arena_bytes()),
                static_cast<long long>(interpreter.live_peak_bytes()));
  }
  LITEQAT_ASSIGN_OR_RETURN(const Bytes input_bytes, liteqat::read_file(arguments.input));
  LITEQAT_ASSIGN_OR_RETURN(const npy::Array inputs, npy::read(input_bytes, arguments.input));
  const auto batch = static_cast<size_t>(arguments.batch);
  const size_t image_bytes = interpreter.input(0).size() / batch, row_bytes = interpreter.output(0).size() / batch;
  const size_t images = static_cast<size_t>(inputs.shape.at(0));
  if (inputs.dtype != npy_dtype(interpreter.input_tensor(0).type) || inputs.data.size() != images * image_bytes) {
    return error(Code::kMismatch, "{} does not hold inputs of {}", arguments.input, arguments.model);
  }
  npy::Array outputs = make_array(interpreter.output_tensor(0), Bytes(images * row_bytes));
  outputs.shape[0] = static_cast<int64_t>(images);
  for (size_t first = 0; first < images; first += batch) {
    const size_t count = std::min(batch, images - first);
    std::memset(interpreter.input(0).data(), 0, interpreter.input(0).size());
    std::memcpy(interpreter.input(0).data(), inputs.data.data() + first * image_bytes, count * image_bytes);
    interpreter.invoke();
    std::memcpy(outputs.data.data() + first * row_bytes, interpreter.output(0).data(), count * row_bytes);
  }
  if (!arguments.layers.empty()) LITEQAT_RETURN_IF_ERROR(write_layers(interpreter, real_outputs, model.ops.size(), arguments.layers));
  return liteqat::write_file(arguments.output, npy::write(outputs));
}

}  // namespace

int main(int count, char** values) {
  const auto arguments = parse_arguments(count, values);
  const Status status = arguments.ok() ? run(*arguments) : arguments.status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.message().c_str());
  return 3;
}
