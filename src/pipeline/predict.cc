#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "eval/tensor_io.h"
#include "formats/npy/npz.h"
#include "pipeline/evaluation.h"
#include "pipeline/npy_type.h"
#include "pipeline/stacked_inputs.h"
#include "quant/lower.h"

namespace liteqat::pipeline {
namespace {

namespace npy = formats::npy;

std::string tensor_names(const graph::Graph& model, const std::vector<graph::TensorId>& ids) {
  std::vector<std::string> names;
  for (graph::TensorId id : ids) names.push_back("'" + model.tensor(id).name + "'");
  return join(names, ", ");
}

/// Where the arrays are those of an archive: a member for every tensor, and no other.
Result<std::vector<npy::Array>> take_by_name(std::map<std::string, npy::Array> members, const graph::Graph& model,
                                             const std::string& path) {
  std::vector<npy::Array> arrays;
  for (graph::TensorId id : model.inputs) {
    const auto member = members.find(model.tensor(id).name);
    if (member == members.end()) {
      return error(Code::kMismatch, "{}: has no array '{}'; the model's inputs are {}", path, model.tensor(id).name,
                   tensor_names(model, model.inputs));
    }
    arrays.push_back(std::move(member->second));
    members.erase(member);
  }
  if (members.empty()) return arrays;
  return error(Code::kMismatch, "{}: array '{}' is none of the model's inputs {}", path, members.begin()->first,
               tensor_names(model, model.inputs));
}

/// An array for each input of the model: as they are stored, or the pixels of image files.
Result<std::vector<npy::Array>> read_inputs(const PredictInputs& inputs, const graph::Graph& model, ThreadPool& pool) {
  const bool images = names_images(inputs.inputs);
  Bytes bytes;
  if (!images) {
    LITEQAT_ASSIGN_OR_RETURN(bytes, read_file(inputs.inputs));
    if (npy::is_npz(bytes)) {
      LITEQAT_ASSIGN_OR_RETURN(auto members, npy::read_npz(bytes, inputs.inputs));
      return take_by_name(std::move(members), model, inputs.inputs);
    }
  }
  if (model.inputs.size() != 1) {
    return error(Code::kUnsupported, "{}: has {} inputs, {}: an .npz with an array for each is expected", inputs.model, model.inputs.size(),
                 tensor_names(model, model.inputs));
  }
  std::vector<npy::Array> arrays(1);
  if (!images) {
    LITEQAT_ASSIGN_OR_RETURN(arrays[0], npy::read(bytes, inputs.inputs));
    return arrays;
  }
  LITEQAT_ASSIGN_OR_RETURN(const data::Split split,
                           read_unlabelled_images({.folder = inputs.inputs, .images = inputs.images, .model = &model}, pool));
  LITEQAT_RETURN_IF_ERROR(write_text_file(inputs.output + ".files.txt", join(split.files, "\n") + "\n"));
  const auto pixels = std::as_bytes(std::span(split.pixels));
  arrays[0] = {"|u1", {split.count, split.height, split.width, split.channels}, Bytes(pixels.begin(), pixels.end())};
  return arrays;
}

/// How the arrays are stacked, and what turns each into its input.
struct Feed {
  Stacking stacking;
  std::vector<InputConverter> converters;
};

Result<Feed> make_feed(const PredictInputs& inputs, const graph::Graph& model, const std::vector<npy::Array>& arrays,
                       const runtime::Interpreter& interpreter, Progress& progress) {
  Feed feed;
  SilentProgress no_pixels_need_no_note;
  for (size_t i = 0; i < arrays.size(); ++i) {
    const graph::Tensor& input = interpreter.input_tensor(i);
    const std::string path = arrays.size() == 1 ? inputs.inputs : inputs.inputs + ":" + input.name;
    LITEQAT_ASSIGN_OR_RETURN(const Stacking stacking, find_stacking(arrays[i].shape, input, path));
    if (i == 0) feed.stacking = stacking;
    if (stacking.count != feed.stacking.count) {
      return error(Code::kMismatch, "{}: stacks {} inputs, '{}' stacks {}", path, stacking.count, interpreter.input_tensor(0).name,
                   feed.stacking.count);
    }
    const bool pixels = !inputs.raw && (arrays.size() == 1 || arrays[i].dtype == npy_type(graph::DType::kUInt8));
    data::Normalization normalization;
    if (pixels || arrays.size() == 1) {
      LITEQAT_ASSIGN_OR_RETURN(normalization,
                               choose_normalization(inputs.preprocessing, model, inputs.model, input.shape.empty() ? 1 : input.shape.back(),
                                                    pixels ? progress : no_pixels_need_no_note));
    }
    LITEQAT_ASSIGN_OR_RETURN(InputConverter converter, InputConverter::make(arrays[i], input, std::move(normalization), inputs.raw, path));
    feed.converters.push_back(std::move(converter));
  }
  return feed;
}

/// What one output's values are collected in.
struct Collected {
  const graph::Tensor& tensor;
  bool dequantized = false;
  size_t one_bytes = 0;
  npy::Array array;

  Collected(const graph::Tensor& output, const Stacking& stacking, bool raw) : tensor(output), dequantized(!raw && has_codes(output)) {
    array.dtype = dequantized ? "<f4" : npy_type(output.type);
    array.shape = stacking.stacked_shape(output.shape);
    one_bytes = static_cast<size_t>(graph::elem_count(output.shape) * npy::dtype_bytes(array.dtype));
    array.data.resize(one_bytes * static_cast<size_t>(stacking.count));
  }

  void take(int index, std::span<const std::byte> bytes) {
    std::byte* target = array.data.data() + one_bytes * static_cast<size_t>(index);
    if (dequantized) {
      eval::read_output(tensor, bytes, {reinterpret_cast<float*>(target), one_bytes / sizeof(float)});
    } else {
      std::memcpy(target, bytes.data(), one_bytes);
    }
  }
};

bool is_archive_name(const std::string& path) {
  return path.ends_with(".npz");
}

/// Several tensors have to be told apart in a file.
Status check_outputs(const PredictInputs& inputs, const graph::Graph& model) {
  const std::string names = tensor_names(model, model.outputs);
  if (model.outputs.size() != 1 && !is_archive_name(inputs.output)) {
    return error(Code::kInvalidArgument, "{}: has {} outputs, {}: give -o a name that ends in .npz", inputs.model, model.outputs.size(),
                 names);
  }
  std::set<std::string> seen;
  for (graph::TensorId id : model.outputs) {
    if (!seen.insert(model.tensor(id).name).second) {
      return error(Code::kUnsupported, "{}: two of its outputs have one name: {}", inputs.model, names);
    }
  }
  return {};
}

Status write_outputs(const std::string& path, std::vector<Collected> outputs) {
  if (!is_archive_name(path)) return write_file(path, npy::write(outputs[0].array));
  std::vector<npy::NamedArray> members;
  for (Collected& output : outputs) members.push_back({output.tensor.name, std::move(output.array)});
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, npy::write_npz(members, path));
  return write_file(path, bytes);
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
  LITEQAT_RETURN_IF_ERROR(check_outputs(inputs, graph));
  LITEQAT_ASSIGN_OR_RETURN(const std::vector<npy::Array> arrays, read_inputs(inputs, graph, pool));
  std::vector<runtime::Interpreter> interpreters;
  for (int worker = 0; worker < pool.threads(); ++worker) {
    auto interpreter = runtime::Interpreter::prepare(graph, {.profile = profile, .stored_shapes = true, .isa = isa});
    if (!interpreter.ok()) return interpreter.status().with_context(inputs.model);
    interpreters.push_back(*std::move(interpreter));
  }
  LITEQAT_ASSIGN_OR_RETURN(const Feed feed, make_feed(inputs, graph, arrays, interpreters[0], progress));
  std::vector<Collected> outputs;
  for (size_t i = 0; i < graph.outputs.size(); ++i) outputs.emplace_back(interpreters[0].output_tensor(i), feed.stacking, inputs.raw);
  pool.run(static_cast<int>(feed.stacking.count), [&](int index, int worker) {
    runtime::Interpreter& interpreter = interpreters[static_cast<size_t>(worker)];
    for (size_t i = 0; i < feed.converters.size(); ++i) feed.converters[i].convert(index, interpreter.input(i));
    interpreter.invoke();
    for (size_t i = 0; i < outputs.size(); ++i) outputs[i].take(index, interpreter.output(i));
  });
  return write_outputs(inputs.output, std::move(outputs));
}

}  // namespace liteqat::pipeline
