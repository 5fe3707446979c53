#include "graph/architectures.h"

#include <cmath>

#include "base/text.h"
#include "graph/networks.h"

namespace liteqat::graph {
namespace {

struct Architecture {
  const char* name;
  Result<Graph> (*make)(const ArchitectureOptions& options, GraphBuilder& builder);
};

constexpr Architecture kArchitectures[] = {
    {"mnist_guide", make_mnist_guide},
    {"mnist_small", make_mnist_small},
    {"mobilenet_v2_keras", make_mobilenet_v2_keras},
    {"case_study", make_case_study},
    {"mobilenet_v2_cifar", make_mobilenet_v2_cifar},
    {"resnet8", make_resnet8},
    {"gated_small", make_gated_small},
    {"torchvision_mobilenet_v2", make_torchvision_mobilenet_v2},
    {"torchvision_resnet18", make_torchvision_resnet18},
    {"torchvision_resnet34", make_torchvision_resnet34},
    {"torchvision_resnet50", make_torchvision_resnet50},
};

constexpr int32_t kMaxImageSide = 4096;
constexpr int32_t kMaxWidth = 1 << 16;  // channels, classes or units of a layer

Status check_size(const char* what, int32_t value, int32_t max) {
  if (value >= 1 && value <= max) return {};
  return error(Code::kUnsupported, "{} must lie in 1 to {}, found {}", what, max, value);
}

Status check_options(const ArchitectureOptions& options) {
  LITEQAT_RETURN_IF_ERROR(check_size("the image height", options.height, kMaxImageSide));
  LITEQAT_RETURN_IF_ERROR(check_size("the image width", options.width, kMaxImageSide));
  LITEQAT_RETURN_IF_ERROR(check_size("the number of channels", options.channels, kMaxWidth));
  LITEQAT_RETURN_IF_ERROR(check_size("the number of classes", options.classes, kMaxWidth));
  for (int32_t units : options.dense_units) LITEQAT_RETURN_IF_ERROR(check_size("the width of a dense layer", units, kMaxWidth));
  if (!(options.alpha > 0 && options.alpha <= 16)) {
    return error(Code::kUnsupported, "the width multiplier alpha must lie in (0, 16], found {}", options.alpha);
  }
  return {};
}

}  // namespace

std::vector<std::string> architecture_names() {
  std::vector<std::string> names;
  for (const Architecture& architecture : kArchitectures) names.emplace_back(architecture.name);
  return names;
}

Result<Graph> make_architecture(const ArchitectureOptions& options) {
  for (const Architecture& architecture : kArchitectures) {
    if (options.name != architecture.name) continue;
    const std::string where = format("architecture '{}'", options.name);
    const Status checked = check_options(options);
    if (!checked.ok()) return checked.with_context(where);
    GraphBuilder builder(options.name, options.seed,
                         BatchNormParams{.epsilon = options.batch_norm_epsilon, .momentum = options.batch_norm_momentum});
    auto graph = architecture.make(options, builder);
    if (!graph.ok()) return graph.status().with_context(where);
    return graph;
  }
  const std::vector<std::string> names = architecture_names();
  return error(Code::kInvalidArgument, "unknown architecture '{}', did you mean '{}'? Known: {}", options.name,
               nearest_name(options.name, names), join(names, ", "));
}

}  // namespace liteqat::graph
