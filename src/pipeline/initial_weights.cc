#include "pipeline/initial_weights.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <span>

#include "base/file.h"
#include "base/text.h"
#include "formats/keras/keras.h"
#include "pipeline/model_file.h"

namespace liteqat::pipeline {
namespace {

/// A weight in the network's own layout or as Keras stores it, until it is known where it goes.
struct Source {
  const graph::Tensor* tensor = nullptr;
  const formats::keras::StoredWeight* stored = nullptr;
};

bool holds_weights(const graph::Tensor& tensor) {
  return tensor.role == graph::Role::kParameter || tensor.role == graph::Role::kStatistic;
}

/// "block_1/conv/kernel" -> "block_1/conv".
std::string layer_of(const std::string& tensor) {
  const size_t slash = tensor.rfind('/');
  return slash == std::string::npos ? tensor : tensor.substr(0, slash);
}

/// The file's weights by name; they lie in `model` or in `weights`.
class WeightFile {
 public:
  Status read(const std::string& path) {
    LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path));
    if (formats::keras::is_keras(bytes)) {
      LITEQAT_ASSIGN_OR_RETURN(weights_, formats::keras::read_weights(path));
    }
    if (weights_.empty()) {
      LITEQAT_ASSIGN_OR_RETURN(AnyModel any, read_any_model(path));
      LITEQAT_ASSIGN_OR_RETURN(model_, take_training_graph(std::move(any), path));
    }
    for (const graph::Tensor& tensor : model_.tensors) {
      if (holds_weights(tensor)) sources_[tensor.name] = {.tensor = &tensor};
    }
    for (const auto& [name, weight] : weights_) sources_[name] = {.stored = &weight};
    return {};
  }

  const std::map<std::string, Source>& sources() const { return sources_; }

 private:
  graph::Graph model_;
  std::map<std::string, formats::keras::StoredWeight> weights_;
  std::map<std::string, Source> sources_;
};

std::string stored_shape(const Source& source) {
  if (source.tensor != nullptr) return graph::shape_text(source.tensor->shape);
  std::vector<std::string> extents;
  for (int64_t extent : source.stored->shape) extents.push_back(format("{}", extent));
  return "[" + join(extents, ",") + "] in Keras' order";
}

/// False if the shapes do not fit.
bool copy_weight(const Source& source, graph::Tensor& target) {
  if (source.tensor != nullptr) {
    if (source.tensor->shape != target.shape || source.tensor->data.size() != target.data.size()) return false;
    target.data = source.tensor->data;
    return true;
  }
  const auto values = formats::keras::convert_weight(*source.stored, target.shape);
  if (!values || values->size() * sizeof(float) != target.data.size()) return false;
  std::memcpy(target.data.data(), values->data(), target.data.size());
  return true;
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

Result<WeightLoading> load_initial_weights(const std::string& path, const std::vector<std::string>& reinit, graph::Graph& network) {
  LITEQAT_RETURN_IF_ERROR(check_layers(reinit, network));
  WeightFile file;
  LITEQAT_RETURN_IF_ERROR(file.read(path));
  WeightLoading loading;
  std::set<std::string> used;
  for (graph::Tensor& tensor : network.tensors) {
    if (!holds_weights(tensor)) continue;
    const std::string layer = layer_of(tensor.name);
    if (std::ranges::find(reinit, layer) != reinit.end()) {
      loading.reinitialised.push_back(tensor.name);
      continue;
    }
    const auto source = file.sources().find(tensor.name);
    const bool found = source != file.sources().end();
    if (!found || !copy_weight(source->second, tensor)) {
      return error(Code::kMismatch, "{}: weight '{}' {}, the network needs {}; --reinit {} leaves that layer as it is initialised", path,
                   tensor.name, found ? "has shape " + stored_shape(source->second) : std::string("is missing"),
                   graph::shape_text(tensor.shape), layer);
    }
    used.insert(tensor.name);
    loading.loaded.push_back(tensor.name);
  }
  for (const auto& [name, source] : file.sources()) {
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
  return {"weights of " + path, line("loaded", loading.loaded, kFew), line("reinitialised", loading.reinitialised, kAll),
          line("skipped", loading.skipped, kAll)};
}

}  // namespace liteqat::pipeline
