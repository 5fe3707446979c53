#include "pipeline/initial_weights.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "formats/keras/keras.h"
#include "pipeline/model_file.h"
#include "pipeline/torch_weights.h"

namespace liteqat::pipeline {
namespace {

bool holds_weights(const graph::Tensor& tensor) {
  return tensor.role == graph::Role::kParameter || tensor.role == graph::Role::kStatistic;
}

/// "block_1/conv/kernel" -> "block_1/conv".
std::string layer_of(const std::string& tensor) {
  const size_t slash = tensor.rfind('/');
  return slash == std::string::npos ? tensor : tensor.substr(0, slash);
}

constexpr int64_t kLargestMap = int64_t{1} << 22;

/// A file's weights, which a network's tensors find by name.
class WeightFile {
 public:
  Status read(const std::string& path, const std::string& map_file) {
    LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path));
    LITEQAT_ASSIGN_OR_RETURN(torch_, read_torch_weights(bytes, path, map_file));
    if (torch_) return {};
    if (!map_file.empty()) {
      return error(Code::kInvalidArgument, "--weight-map {}: is for PyTorch's weights, and {} holds none", map_file, path);
    }
    if (formats::keras::is_keras(bytes)) {
      LITEQAT_ASSIGN_OR_RETURN(keras_, formats::keras::read_weights(path));
    }
    if (!keras_.empty()) return {};
    LITEQAT_ASSIGN_OR_RETURN(AnyModel any, read_any_model(path));
    inactive_layers_ = any.inactive_layers;
    LITEQAT_ASSIGN_OR_RETURN(model_, take_training_graph(std::move(any), path));
    for (const graph::Tensor& tensor : model_.tensors) {
      if (holds_weights(tensor)) tensors_[tensor.name] = &tensor;
    }
    return {};
  }

  /// The name under which the file has the weight of a network's tensor; empty if it does not.
  std::string find(const std::string& tensor) const {
    if (torch_) return torch_->find(tensor);
    return keras_.contains(tensor) || tensors_.contains(tensor) ? tensor : "";
  }

  /// Puts the weight of that name into the network; false if the shapes do not fit. Requires: a name that find gave.
  bool copy(const std::string& name, graph::Graph& network, graph::TensorId id) const {
    graph::Tensor& target = network.tensor(id);
    if (const auto source = tensors_.find(name); source != tensors_.end()) {
      if (source->second->shape != target.shape || source->second->data.size() != target.data.size()) return false;
      target.data = source->second->data;
      return true;
    }
    const auto values = torch_ ? torch_->convert(name, network, id) : formats::keras::convert_weight(keras_.at(name), target.shape);
    if (!values || values->size() * sizeof(float) != target.data.size()) return false;
    std::memcpy(target.data.data(), values->data(), target.data.size());
    return true;
  }

  std::string shape_text(const std::string& name) const {
    if (torch_) return torch_->shape_text(name);
    if (tensors_.contains(name)) return graph::shape_text(tensors_.at(name)->shape);
    std::vector<std::string> extents;
    for (int64_t extent : keras_.at(name).shape) extents.push_back(format("{}", extent));
    return "[" + join(extents, ",") + "] in Keras' order";
  }

  std::vector<std::string> names() const {
    if (torch_) return torch_->names();
    std::vector<std::string> names;
    for (const auto& [name, weight] : keras_) names.push_back(name);
    for (const auto& [name, tensor] : tensors_) names.push_back(name);
    return names;
  }

  const std::optional<TorchWeights>& torch() const { return torch_; }
  const std::vector<std::string>& inactive_layers() const { return inactive_layers_; }

 private:
  /// Empty for every file but a safetensors one that holds no model of ours.
  static Result<std::optional<TorchWeights>> read_torch_weights(const Bytes& bytes, const std::string& path, const std::string& map_file) {
    if (bytes.size() < 9 || static_cast<char>(bytes[8]) != '{' || formats::keras::is_keras(bytes)) return std::optional<TorchWeights>();
    LITEQAT_ASSIGN_OR_RETURN(formats::safetensors::File file, formats::safetensors::read(bytes, path));
    if (file.metadata.contains("liteqat.graph")) return std::optional<TorchWeights>();
    WeightMap map;
    if (!map_file.empty()) {
      LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(map_file, kLargestMap));
      LITEQAT_ASSIGN_OR_RETURN(map, parse_weight_map(text, map_file));
    }
    LITEQAT_ASSIGN_OR_RETURN(TorchWeights weights, TorchWeights::make(std::move(file), std::move(map), path));
    return std::optional<TorchWeights>(std::move(weights));
  }

  graph::Graph model_;  // tensors_ point into it
  std::map<std::string, const graph::Tensor*> tensors_;
  std::map<std::string, formats::keras::StoredWeight> keras_;
  std::optional<TorchWeights> torch_;
  std::vector<std::string> inactive_layers_;
};

/// PyTorch's files say nothing of epsilon, whose default is not Keras'.
std::string epsilon_note(const graph::Graph& network) {
  constexpr float kTorchEpsilon = 1e-5f;
  for (const graph::Op& op : network.ops) {
    if (op.kind != graph::OpKind::kBatchNorm || op.params_as<graph::BatchNormParams>().epsilon == kTorchEpsilon) continue;
    return format("batch norm has epsilon {} here; PyTorch's default, which the file does not tell, is {}: model.batch_norm_epsilon",
                  op.params_as<graph::BatchNormParams>().epsilon, kTorchEpsilon);
  }
  return "";
}

/// For a name that the file does not have: what its names look like, and how to say which is which.
std::string name_hint(const WeightFile& file) {
  const std::vector<std::string> names = file.names();
  if (names.empty()) return "";
  return format("; names in the file are as '{}'{}", names.front(),
                file.torch() ? ", and --weight-map tells which of its modules a layer is" : "");
}

std::string what_is_wrong(const WeightFile& file, const std::string& tensor, const std::string& source) {
  if (source.empty()) return "is missing";
  const std::string stored = source == tensor ? "" : format("('{}') ", source);
  return format("{}has shape {}", stored, file.shape_text(source));
}

Status check_layers(const std::vector<std::string>& reinit, const graph::Graph& network) {
  std::set<std::string> layers;
  for (const graph::Tensor& tensor : network.tensors) {
    if (holds_weights(tensor)) layers.insert(layer_of(tensor.name));
  }
  for (const std::string& name : reinit) {
    if (layers.contains(name)) continue;
    return error(
        Code::kInvalidArgument, "--reinit {}: the network has no layer of that name with weights; its last ones are {}", name,
        join(std::vector<std::string>(std::prev(layers.end(), std::min<std::ptrdiff_t>(5, std::ssize(layers))), layers.end()), ", "));
  }
  return {};
}

}  // namespace

Result<WeightLoading> load_initial_weights(const std::string& path, const std::vector<std::string>& reinit, graph::Graph& network,
                                           const std::string& map_file) {
  LITEQAT_RETURN_IF_ERROR(check_layers(reinit, network));
  WeightFile file;
  LITEQAT_RETURN_IF_ERROR(file.read(path, map_file));
  WeightLoading loading;
  if (file.torch()) {
    loading.note = epsilon_note(network);
    const std::vector<std::string> unknown = file.torch()->unknown_layers(network);
    if (!unknown.empty()) return error(Code::kMismatch, "{}: the network has no layer '{}'", map_file, unknown[0]);
  }
  loading.inactive = file.inactive_layers();
  std::set<std::string> used;
  for (size_t id = 0; id < network.tensors.size(); ++id) {
    const graph::Tensor& tensor = network.tensors[id];
    if (!holds_weights(tensor)) continue;
    const std::string layer = layer_of(tensor.name);
    if (std::ranges::find(reinit, layer) != reinit.end()) {
      loading.reinitialised.push_back(tensor.name);
      continue;
    }
    const std::string source = file.find(tensor.name);
    if (source.empty() || !file.copy(source, network, static_cast<graph::TensorId>(id))) {
      return error(Code::kMismatch, "{}: weight '{}' {}, the network needs {}; --reinit {} leaves that layer as it is initialised{}", path,
                   tensor.name, what_is_wrong(file, tensor.name, source), graph::shape_text(tensor.shape), layer,
                   source.empty() ? name_hint(file) : "");
    }
    used.insert(source);
    loading.loaded.push_back(tensor.name);
  }
  for (const std::string& name : file.names()) {
    if (!used.contains(name)) loading.skipped.push_back(name);
  }
  return loading;
}

std::vector<std::string> print_weight_loading(const WeightLoading& loading, const std::string& path) {
  const auto line = [](const char* title, const std::vector<std::string>& names, size_t shown) {
    const std::vector<std::string> first(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(shown, names.size())));
    const char* more = names.size() > shown ? ", ..." : "";
    return format("  {:<14} {:>4}{}{}{}", title, names.size(), names.empty() ? "" : "  ", join(first, ", "), more);
  };
  constexpr size_t kFew = 3, kAll = 1000;  // what was loaded is as expected; the rest is what one looks for
  std::vector<std::string> lines = {"weights of " + path, line("loaded", loading.loaded, kFew),
                                    line("reinitialised", loading.reinitialised, kAll), line("skipped", loading.skipped, kAll)};
  if (!loading.inactive.empty()) lines.push_back(line("skipped", loading.inactive, kAll) + ": nothing at inference");
  if (!loading.note.empty()) lines.push_back("  " + loading.note);
  return lines;
}

}  // namespace liteqat::pipeline
