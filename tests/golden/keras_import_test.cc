// Models that Keras saved, read by our importer and run by our runtime, against what Keras computed (tests/golden/keras/README.md): every
// layer class, tf_keras' and Keras 3's .h5 and .keras.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "formats/keras/keras.h"
#include "formats/npy/npz.h"
#include "quant/lower.h"
#include "runtime/interpreter.h"

namespace liteqat {
namespace {

namespace fs = std::filesystem;
using formats::npy::Array;
using graph::Graph;

std::string folder() {
  return LITEQAT_SOURCE_DIR "/tests/golden/keras/";
}

std::vector<std::string> model_files() {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder())) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".h5") || name.ends_with(".keras")) files.push_back(name);
  }
  std::ranges::sort(files);
  return files;
}

/// Outputs of the lowered graph on one image.
std::vector<float> run(const Graph& model, const std::vector<std::span<const float>>& inputs) {
  auto interpreter = runtime::Interpreter::prepare(model, {});
  EXPECT_TRUE(interpreter.ok()) << interpreter.status().message();
  if (!interpreter.ok()) return {};
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(interpreter->input(i).size(), inputs[i].size_bytes());
    std::memcpy(interpreter->input(i).data(), inputs[i].data(), inputs[i].size_bytes());
  }
  interpreter->invoke();
  const auto bytes = interpreter->output(0);
  std::vector<float> output(bytes.size() / sizeof(float));
  std::memcpy(output.data(), bytes.data(), bytes.size());
  return output;
}

class KerasFile : public testing::TestWithParam<std::string> {};

/// Both sides compute in float32, in other orders of summation and with batch norm folded or not. A sum of n products differs between two
/// orders by at most 2 (n - 1) u sum|w x|, u = 2^-24 (Higham, Accuracy and Stability, 4.2). Here n <= 150 and at most eight weighted layers
/// and normalizations follow each other. In units of the largest output, with sum|w x| taken as of that size in each layer (weights and
/// inputs have random signs), this is 2 * 150 * 2^-24 * 8 = 1.4e-4. A wrong layer is off by 0.1 and more.
constexpr float kRelativeBound = 1.4e-4f;

TEST_P(KerasFile, ComputesWhatKerasComputes) {
  const std::string path = folder() + GetParam();
  const auto imported = formats::keras::read(path);
  ASSERT_TRUE(imported.ok()) << imported.status().message();
  const auto lowered = quant::lower_to_float(imported->graph);
  ASSERT_TRUE(lowered.ok()) << lowered.status().message();

  const std::string arrays_path = fs::path(path).replace_extension(".npz").string();
  const auto bytes = read_file(arrays_path);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  const auto arrays = formats::npy::read_npz(*bytes, arrays_path);
  ASSERT_TRUE(arrays.ok()) << arrays.status().message();

  const auto expected = arrays->at("y").as<float>();
  const auto images = static_cast<size_t>(arrays->at("y").shape[0]);
  const size_t classes = expected.size() / images;
  float largest = 0;
  for (float value : expected) largest = std::max(largest, std::abs(value));
  for (size_t image = 0; image < images; ++image) {
    std::vector<std::span<const float>> inputs;
    for (size_t i = 0; i < lowered->inputs.size(); ++i) {
      const Array& array = arrays->at(lowered->inputs.size() == 1 ? "x" : "x" + std::to_string(i));
      inputs.push_back(array.as<float>().subspan(image * array.as<float>().size() / images, array.as<float>().size() / images));
    }
    const std::vector<float> output = run(*lowered, inputs);
    ASSERT_EQ(output.size(), classes);
    for (size_t i = 0; i < classes; ++i) ASSERT_NEAR(output[i], expected[image * classes + i], kRelativeBound * largest) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(All, KerasFile, testing::ValuesIn(model_files()), [](const auto& file) {
  std::string name = file.param;
  std::ranges::replace(name, '.', '_');
  return name;
});

TEST(KerasFiles, AreThere) {
  EXPECT_GE(model_files().size(), 20u);
}

/// Keras 3's weights-only file of a model gives every layer what the whole model gives it.
TEST(KerasWeightsAlone, AreThoseOfTheModelByName) {
  for (const std::string name : {"convolutions_keras3", "normalizations_keras3", "nested_keras3"}) {
    const auto model = formats::keras::read(folder() + name + ".keras");
    ASSERT_TRUE(model.ok()) << model.status().message();
    const auto weights = formats::keras::read_weights(folder() + "weights_only/" + name + ".weights.h5");
    ASSERT_TRUE(weights.ok()) << weights.status().message();
    size_t compared = 0;
    for (const graph::Tensor& tensor : model->graph.tensors) {
      if (tensor.role != graph::Role::kParameter && tensor.role != graph::Role::kStatistic) continue;
      if (tensor.name == "no_beta/beta") continue;  // the importer's; a file does not tell gamma alone from beta alone
      const std::string stored = tensor.name == "no_beta/gamma" ? "no_beta/beta" : tensor.name;
      if (!weights->contains(stored)) {
        // What the importer makes where the layer has none, and what only Normalization's formula holds.
        const bool filled = tensor.name.starts_with("no_") || tensor.name.starts_with("adapted/") || tensor.name.ends_with("/bias");
        EXPECT_TRUE(filled) << name << ": " << tensor.name;
        continue;
      }
      const auto values = formats::keras::convert_weight(weights->at(stored), tensor.shape);
      ASSERT_TRUE(values.has_value()) << name << ": " << tensor.name;
      ASSERT_EQ(values->size() * sizeof(float), tensor.data.size()) << tensor.name;
      EXPECT_EQ(std::memcmp(values->data(), tensor.data.data(), tensor.data.size()), 0) << name << ": " << tensor.name;
      ++compared;
    }
    EXPECT_GE(compared, 6u) << name;
    EXPECT_FALSE(formats::keras::read(folder() + "weights_only/" + name + ".weights.h5").ok());
    const auto whole = formats::keras::read_weights(folder() + name + ".keras");
    ASSERT_TRUE(whole.ok());
    EXPECT_TRUE(whole->empty()) << "a whole model is no file of weights alone";
  }
}

}  // namespace
}  // namespace liteqat
