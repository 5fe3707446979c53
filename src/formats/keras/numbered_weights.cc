#include "formats/keras/numbered_weights.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

namespace liteqat::formats::keras {
namespace {

constexpr std::string_view kVariables = "/vars/";

/// "batch_normalization_12" -> "batch_normalization".
std::string_view without_number(std::string_view name) {
  size_t end = name.size();
  while (end > 0 && std::isdigit(static_cast<unsigned char>(name[end - 1])) != 0) --end;
  return end > 1 && end < name.size() && name[end - 1] == '_' ? name.substr(0, end - 1) : name;
}

/// The variables of a layer in Keras' order; empty for a class or a count that is not known.
std::vector<std::string> variable_names(std::string_view group, size_t count) {
  const std::string_view kind = without_number(group);
  std::vector<std::string> names;
  if (kind == "conv2d" || kind == "depthwise_conv2d" || kind == "dense") names = {"kernel", "bias"};
  if (kind == "separable_conv2d") names = {"depthwise_kernel", "pointwise_kernel", "bias"};
  if (kind == "normalization") names = {"mean", "variance", "count"};
  if (kind == "batch_normalization") {
    if (count == 4) names.emplace_back("gamma");
    if (count >= 3) names.emplace_back("beta");
    names.emplace_back("moving_mean");
    names.emplace_back("moving_variance");
  }
  const bool without_bias = !names.empty() && names.back() == "bias" && names.size() == count + 1;
  if (without_bias) names.pop_back();
  return names.size() == count ? names : std::vector<std::string>();
}

/// "/layers/sequential/layers/conv2d" -> "inner/conv_a", by the names that stand beside the groups' variables.
std::string layer_path(const archive::Contents& contents, const std::string& group) {
  std::string path;
  for (size_t begin = 1; begin < group.size();) {
    const size_t end = std::min(group.find('/', begin), group.size());
    const std::string part = group.substr(begin, end - begin);
    begin = end + 1;
    if (part == "layers" || part == "_layer_checkpoint_dependencies") continue;
    const auto name = contents.texts.find(group.substr(0, end) + "/vars@name");
    path += (path.empty() ? "" : "/") + (name == contents.texts.end() ? part : name->second);
  }
  return path;
}

}  // namespace

Result<std::map<std::string, const archive::Array*>> list_numbered_weights(const archive::Contents& contents) {
  std::map<std::string, std::vector<const archive::Array*>> groups;
  for (const auto& [path, array] : contents.arrays) {
    const size_t variables = path.rfind(kVariables);
    if (variables == std::string::npos || variables == 0) continue;
    const std::string group = path.substr(0, variables);
    if (!groups[group].empty()) continue;
    for (size_t number = 0;; ++number) {
      const auto found = contents.arrays.find(group + std::string(kVariables) + format("{}", number));
      if (found == contents.arrays.end()) break;
      groups[group].push_back(&found->second);
    }
  }
  std::map<std::string, const archive::Array*> weights;
  for (const auto& [group, arrays] : groups) {
    const std::string layer = layer_path(contents, group);
    const std::vector<std::string> names = variable_names(group.substr(group.rfind('/') + 1), arrays.size());
    for (size_t i = 0; i < arrays.size(); ++i) {
      const std::string name = layer + "/" + (names.empty() ? format("{}", i) : names[i]);
      if (!weights.emplace(name, arrays[i]).second) {
        return error(Code::kCorruptFile, "'{}': another group also holds weights of a layer named '{}'", group, layer);
      }
    }
  }
  return weights;
}

}  // namespace liteqat::formats::keras
