#include "formats/keras/layer_call.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "formats/keras/layer_weights.h"

namespace liteqat::formats::keras {
namespace {

constexpr size_t kMany = 1024;

constexpr LayerImporter kImporters[] = {
    {"Activation", 1, 1, import_activation},
    {"Add", 2, kMany, import_add},
    {"AveragePooling2D", 1, 1, import_average_pooling},
    {"BatchNormalization", 1, 1, import_batch_norm},
    {"Concatenate", 1, kMany, import_concatenate},
    {"Conv2D", 1, 1, import_conv2d},
    {"Dense", 1, 1, import_dense},
    {"DepthwiseConv2D", 1, 1, import_depthwise},
    {"Flatten", 1, 1, import_flatten},
    {"GlobalAveragePooling2D", 1, 1, import_global_average},
    {"GlobalMaxPooling2D", 1, 1, import_global_max},
    {"LeakyReLU", 1, 1, import_leaky_relu},
    {"MaxPooling2D", 1, 1, import_max_pooling},
    {"Maximum", 2, kMany, import_maximum},
    {"Minimum", 2, kMany, import_minimum},
    {"Multiply", 2, kMany, import_multiply},
    {"Normalization", 1, 1, import_normalization},
    {"ReLU", 1, 1, import_relu},
    {"Rescaling", 1, 1, import_rescaling},
    {"Reshape", 1, 1, import_reshape},
    {"Resizing", 1, 1, import_resizing},
    {"SeparableConv2D", 1, 1, import_separable},
    {"Softmax", 1, 1, import_softmax},
    {"Subtract", 2, 2, import_subtract},
    {"UpSampling2D", 1, 1, import_up_sampling},
    {"ZeroPadding2D", 1, 1, import_zero_padding},
};

/// Regularization and augmentation. Keras 3.15.1 and tf_keras 2.19.0 give back the input of each bit for bit, whatever its values
/// (tests/golden/keras/generate.py: inactive; SpatialDropout3D by its definition). RandomCrop is none of them: it crops at inference too.
constexpr const char* kInactiveAtInference[] = {
    "ActivityRegularization",
    "AlphaDropout",
    "AugMix",
    "CutMix",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "MixUp",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHeight",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomWidth",
    "RandomZoom",
    "Solarization",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
};

}  // namespace

const LayerImporter* find_layer_importer(const std::string& class_name) {
  const auto* found = std::ranges::find_if(kImporters, [&](const LayerImporter& known) { return class_name == known.class_name; });
  return found == std::end(kImporters) ? nullptr : found;
}

std::string known_layer_classes() {
  std::vector<std::string> names = {"InputLayer"};
  for (const LayerImporter& known : kImporters) names.emplace_back(known.class_name);
  return join(names, ", ") + " and those that do nothing at inference (Dropout, RandomFlip, ...)";
}

bool is_inactive_at_inference(const std::string& class_name) {
  return std::ranges::any_of(kInactiveAtInference, [&](const char* known) { return class_name == known; });
}

bool LayerCall::has_weight(const std::string& weight_name) const {
  return std::ranges::any_of(expected_weights(layer), [&](const WeightName& expected) { return expected.name == weight_name; });
}

Result<const archive::Array*> LayerCall::weight(const std::string& weight_name, const std::vector<int64_t>& expected_shape) const {
  const std::vector<WeightName> names = expected_weights(layer);
  const auto position = static_cast<size_t>(std::ranges::find(names, weight_name, &WeightName::name) - names.begin());
  if (weights.size() != names.size()) {
    return error(Code::kMismatch, "the file stores {} weights for it, its options ask for {}", weights.size(), names.size());
  }
  const archive::Array* array = weights[position];
  if (array->shape != expected_shape) {
    return error(Code::kMismatch, "its weight '{}' is stored as {}, its options and input ask for {}", weight_name,
                 extents_text(array->shape), extents_text(expected_shape));
  }
  const auto bad = std::ranges::find_if(array->values, [](float value) { return !std::isfinite(value); });
  if (bad != array->values.end()) {
    return error(Code::kOutOfRange, "its weight '{}' is {} at element {}, finite values are expected", weight_name, *bad,
                 bad - array->values.begin());
  }
  return array;
}

Status LayerCall::require_rank(size_t rank) const {
  if (shape().size() == rank) return {};
  return error(Code::kMismatch, "its input has shape {}, {} axes were expected", graph::shape_text(shape()), rank);
}

}  // namespace liteqat::formats::keras
