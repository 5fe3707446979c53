#include "formats/keras/layer_weights.h"

#include <cctype>
#include <string_view>
#include <utility>

namespace liteqat::formats::keras {
namespace {

using archive::Array;
using archive::Contents;

bool flag(const Layer& layer, const char* key, bool otherwise) {
  if (!layer.config.is_object()) return otherwise;
  const auto found = layer.config.find(key);
  return found != layer.config.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

std::string join_path(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "/" + name;
}

/// "ReLU" -> "re_lu", "Conv2D" -> "conv2d": how Keras 3 names the containers of a file after classes (its naming.to_snake_case).
std::string snake_case(const std::string& name) {
  std::string words;
  const auto upper = [&](size_t i) { return i < name.size() && std::isupper(static_cast<unsigned char>(name[i])) != 0; };
  const auto lower = [&](size_t i) { return i < name.size() && std::islower(static_cast<unsigned char>(name[i])) != 0; };
  for (size_t i = 0; i < name.size(); ++i) {
    const bool new_word = upper(i) && i > 0 && (lower(i - 1) || lower(i + 1));
    if (new_word && words.back() != '_') words += '_';
    words += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return words;
}

/// Keras 3: arrays "vars/0", "vars/1" ... in groups named after the layers' classes and numbered.
class Keras3Weights {
 public:
  Keras3Weights(const Contents& contents, WeightsByLayer& weights) : contents_(contents), weights_(weights) {}

  void walk(const Model& model, const std::string& group, const std::string& prefix) {
    const std::string layers =
        group + (contains_under(group + "/_layer_checkpoint_dependencies/") ? "/_layer_checkpoint_dependencies/" : "/layers/");
    std::map<std::string, int> used;
    for (const Layer& layer : model.layers) {
      if (model.sequential && layer.class_name == "InputLayer") continue;
      const std::string kind = snake_case(layer.nested && layer.class_name == "Model" ? "Functional" : layer.class_name);
      const int number = used[kind]++;
      const std::string path = stored_path(layer, layers + kind + (number == 0 ? "" : format("_{}", number)));
      const std::string name = join_path(prefix, layer.name);
      if (layer.nested) {
        walk(*layer.nested, path, name);
      } else {
        take_variables(path + "/vars/", name);
      }
    }
  }

 private:
  bool contains_under(const std::string& group) const {
    const auto found = contents_.arrays.lower_bound(group);
    return found != contents_.arrays.end() && found->first.starts_with(group);
  }

  void take_variables(const std::string& group, const std::string& name) {
    for (int number = 0;; ++number) {
      const auto found = contents_.arrays.find(group + format("{}", number));
      if (found == contents_.arrays.end()) return;
      weights_[name].push_back(&found->second);
    }
  }

  /// Where the layer's group is: a layer that stands in several models has one in the first of them only.
  std::string stored_path(const Layer& layer, const std::string& path) {
    if (!layer.shared_id || contains_under(path + "/")) {
      if (layer.shared_id) first_place_.emplace(*layer.shared_id, path);
      return path;
    }
    const auto first = first_place_.find(*layer.shared_id);
    return first == first_place_.end() ? path : first->second;
  }

  const Contents& contents_;
  WeightsByLayer& weights_;
  std::map<int64_t, std::string> first_place_;  // of shared layers
};

struct Leaf {
  const Layer* layer;
  std::string path;
};

void collect_leaves(const Model& model, const std::string& prefix, std::vector<Leaf>& leaves) {
  for (const Layer& layer : model.layers) {
    const std::string path = join_path(prefix, layer.name);
    if (layer.nested) {
      collect_leaves(*layer.nested, path, leaves);
    } else {
      leaves.push_back({&layer, path});
    }
  }
}

struct GroupWeight {
  std::string name;  // "conv1/kernel:0"
  const Array* array;
};

/// "…/conv1/kernel:0" -> {"conv1", "kernel"}.
std::pair<std::string, std::string> last_two_parts(std::string name) {
  const size_t colon = name.rfind(':');
  if (colon != std::string::npos) name.resize(colon);
  const size_t slash = name.rfind('/');
  if (slash == std::string::npos) return {"", name};
  const std::string rest = name.substr(0, slash);
  return {rest.substr(rest.rfind('/') == std::string::npos ? 0 : rest.rfind('/') + 1), name.substr(slash + 1)};
}

/// The .h5 layout of Keras 1 to 3: a group a layer of the outermost model; the attribute "weight_names" lists its arrays.
class LegacyWeights {
 public:
  LegacyWeights(const Contents& contents, std::string root, WeightsByLayer& weights)
      : contents_(contents), root_(std::move(root)), weights_(weights) {}

  Status walk(const Model& model) {
    for (const Layer& layer : model.layers) {
      LITEQAT_ASSIGN_OR_RETURN(const std::vector<GroupWeight> stored, read_group(layer.name));
      if (!layer.nested) {
        for (const GroupWeight& weight : stored) weights_[layer.name].push_back(weight.array);
        continue;
      }
      std::vector<Leaf> leaves;
      collect_leaves(*layer.nested, layer.name, leaves);
      if (!assign_by_name(leaves, stored)) assign_by_order(leaves, stored);
    }
    return {};
  }

  /// A list that does not fit into one attribute is split into name0, name1, ...
  std::vector<std::string> read_list(const std::string& name) const {
    const auto whole = contents_.lists.find(name);
    if (whole != contents_.lists.end()) return whole->second;
    std::vector<std::string> entries;
    for (int part = 0;; ++part) {
      const auto found = contents_.lists.find(name + format("{}", part));
      if (found == contents_.lists.end()) return entries;
      entries.insert(entries.end(), found->second.begin(), found->second.end());
    }
  }

  Result<std::vector<GroupWeight>> read_group(const std::string& layer) const {
    std::vector<GroupWeight> stored;
    const std::string group = root_ + "/" + layer;
    for (const std::string& name : read_list(group + "@weight_names")) {
      const auto found = contents_.arrays.find(group + "/" + name);
      if (found == contents_.arrays.end()) {
        return error(Code::kCorruptFile, "layer '{}': its weight '{}' is listed, but no array '{}/{}' is stored", layer, name, group, name);
      }
      stored.push_back({name, &found->second});
    }
    return stored;
  }

 private:
  /// Weights of a nested model lie in one flat list: by "<layer>/<weight>" where that is unambiguous and complete.
  bool assign_by_name(const std::vector<Leaf>& leaves, const std::vector<GroupWeight>& stored) {
    std::map<std::pair<std::string, std::string>, const Array*> by_name;
    for (const GroupWeight& weight : stored) {
      if (!by_name.emplace(last_two_parts(weight.name), weight.array).second) return false;
    }
    WeightsByLayer found;
    size_t count = 0;
    for (const Leaf& leaf : leaves) {
      for (const WeightName& expected : expected_weights(*leaf.layer)) {
        auto at = by_name.find({leaf.layer->name, expected.name});
        if (at == by_name.end() && expected.name == "kernel") at = by_name.find({leaf.layer->name, "depthwise_kernel"});
        if (at == by_name.end()) return false;
        found[leaf.path].push_back(at->second);
        ++count;
      }
    }
    if (count != stored.size()) return false;
    weights_.merge(found);
    return true;
  }

  /// Keras' own order: the trainable weights of all layers, then the others. A frozen layer has none of the former.
  void assign_by_order(const std::vector<Leaf>& leaves, const std::vector<GroupWeight>& stored) {
    size_t next = 0;
    for (const bool trainable : {true, false}) {
      for (const Leaf& leaf : leaves) {
        for (const WeightName& expected : expected_weights(*leaf.layer)) {
          const bool trained = expected.trainable && flag(*leaf.layer, "trainable", true);
          if (trained != trainable || next == stored.size()) continue;
          weights_[leaf.path].push_back(stored[next++].array);
        }
      }
    }
  }

  const Contents& contents_;
  std::string root_;
  WeightsByLayer& weights_;
};

/// The kernel of a DepthwiseConv2D, but not that of a SeparableConv2D, which has two, is a "kernel".
void rename_depthwise_kernels(std::map<std::string, const Array*>& by_name) {
  constexpr std::string_view kDepthwise = "/depthwise_kernel";
  std::vector<std::string> names;
  for (const auto& [name, array] : by_name) {
    if (name.ends_with(kDepthwise)) names.push_back(name.substr(0, name.size() - kDepthwise.size()));
  }
  for (const std::string& layer : names) {
    if (by_name.contains(layer + "/pointwise_kernel")) continue;
    auto entry = by_name.extract(layer + std::string(kDepthwise));
    entry.key() = layer + "/kernel";
    by_name.insert(std::move(entry));
  }
}

}  // namespace

std::vector<WeightName> expected_weights(const Layer& layer) {
  const std::string& kind = layer.class_name;
  std::vector<WeightName> names;
  if (kind == "Conv2D" || kind == "DepthwiseConv2D" || kind == "Dense") names.push_back({"kernel"});
  if (kind == "SeparableConv2D") names = {{"depthwise_kernel"}, {"pointwise_kernel"}};
  if (!names.empty() && flag(layer, "use_bias", true)) names.push_back({"bias"});
  if (kind == "BatchNormalization") {
    if (flag(layer, "scale", true)) names.push_back({"gamma"});
    if (flag(layer, "center", true)) names.push_back({"beta"});
    names.push_back({"moving_mean", false});
    names.push_back({"moving_variance", false});
  }
  const bool adapted =
      kind == "Normalization" && !(layer.config.is_object() && layer.config.contains("mean") && !layer.config["mean"].is_null());
  if (adapted) names = {{"mean", false}, {"variance", false}, {"count", false}};
  return names;
}

Result<std::map<std::string, const Array*>> list_weights(const Contents& contents) {
  WeightsByLayer unused;
  const LegacyWeights file(contents, "", unused);
  std::map<std::string, const Array*> by_name;
  for (const std::string& layer : file.read_list("/@layer_names")) {
    LITEQAT_ASSIGN_OR_RETURN(const std::vector<GroupWeight> stored, file.read_group(layer));
    for (const GroupWeight& weight : stored) {
      const auto [owner, name] = last_two_parts(weight.name);
      const bool nested = !owner.empty() && owner != layer;
      by_name[layer + (nested ? "/" + owner : "") + "/" + name] = weight.array;
    }
  }
  rename_depthwise_kernels(by_name);
  return by_name;
}

Result<WeightsByLayer> assign_weights(const Model& model, const Contents& contents) {
  WeightsByLayer weights;
  if (contents.lists.contains("/model_weights@layer_names") || contents.lists.contains("/model_weights@layer_names0")) {
    LITEQAT_RETURN_IF_ERROR(LegacyWeights(contents, "/model_weights", weights).walk(model));
  } else {
    Keras3Weights(contents, weights).walk(model, "", "");
  }
  return weights;
}

}  // namespace liteqat::formats::keras
