#include "pipeline/initial_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/file.h"
#include "formats/keras/keras.h"
#include "formats/npy/npz.h"
#include "graph/architectures.h"
#include "pipeline/model_file.h"
#include "quant/lower.h"
#include "runtime/interpreter.h"

namespace liteqat::pipeline {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

graph::Graph make_network(const std::string& name, int32_t classes, uint64_t seed, int32_t size = 8) {
  auto network = graph::make_architecture({.name = name, .height = size, .width = size, .classes = classes, .seed = seed});
  EXPECT_TRUE(network.ok()) << network.status().message();
  return *std::move(network);
}

const Bytes& bytes_of(const graph::Graph& graph, const std::string& tensor) {
  return graph.tensor(graph.find_tensor(tensor)).data;
}

/// Weights of mnist_small for 10 classes, on disk.
std::string write_source(const graph::Graph& network) {
  std::string path = testing::TempDir() + "/initial_weights.safetensors";
  TrainedModel model;
  model.graph = network;
  EXPECT_TRUE(write_trained_model(model, path).ok());
  return path;
}

TEST(InitialWeights, AnotherHeadStartsFresh) {
  const graph::Graph source = make_network("mnist_small", 10, 1, 28);
  graph::Graph network = make_network("mnist_small", 7, 2, 28);
  const graph::Graph fresh = network;
  const auto loading = load_initial_weights(write_source(source), {"dense"}, network);
  ASSERT_TRUE(loading.ok()) << loading.status().message();
  EXPECT_EQ(bytes_of(network, "stem/kernel"), bytes_of(source, "stem/kernel"));
  EXPECT_NE(bytes_of(network, "stem/kernel"), bytes_of(fresh, "stem/kernel"));
  EXPECT_EQ(bytes_of(network, "dense/kernel"), bytes_of(fresh, "dense/kernel"));
  EXPECT_THAT(loading->reinitialised, ElementsAre("dense/kernel", "dense/bias"));
  EXPECT_THAT(loading->skipped, ElementsAre("dense/bias", "dense/kernel"));
  EXPECT_THAT(loading->loaded, Contains("stem_bn/moving_variance"));
  const std::vector<std::string> table = print_weight_loading(*loading, "FILE");
  EXPECT_EQ(table[0], "weights of FILE");
  EXPECT_EQ(table[2], "  reinitialised     2  dense/kernel, dense/bias");
}

TEST(InitialWeights, KerasWeightsAloneComputeWhatKerasComputes) {
  const std::string stem = LITEQAT_SOURCE_DIR "/tests/golden/keras/weights_only/mnist_guide";
  graph::Graph network = make_network("mnist_guide", 4, 1);
  const auto loading = load_initial_weights(stem + ".h5", {}, network);
  ASSERT_TRUE(loading.ok()) << loading.status().message();
  EXPECT_THAT(loading->loaded, ElementsAre("conv2d/kernel", "conv2d/bias", "dense/kernel", "dense/bias"));
  const auto lowered = quant::lower_to_float(network);
  ASSERT_TRUE(lowered.ok());
  auto interpreter = runtime::Interpreter::prepare(*lowered, {});
  ASSERT_TRUE(interpreter.ok());
  const auto bytes = read_file(stem + ".npz");
  ASSERT_TRUE(bytes.ok());
  const auto arrays = formats::npy::read_npz(*bytes, stem);
  ASSERT_TRUE(arrays.ok());
  const auto x = arrays->at("x").as<float>(), y = arrays->at("y").as<float>();
  for (size_t image = 0; image < 3; ++image) {
    std::memcpy(interpreter->input(0).data(), x.data() + image * 64, 64 * sizeof(float));
    interpreter->invoke();
    float output[4];
    std::memcpy(output, interpreter->output(0).data(), sizeof output);
    // Two sums of 9 and 108 products in float32: 2 (n - 1) u sum|w x| with |w| < 2.5, |x| < 20 (Higham, 4.2), u = 2^-24: 0.0007 at most.
    for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(output[i], y[image * 4 + i], 7e-4) << image << " " << i;
  }
}

/// A whole model that begins with augmentation: the same weights, and the table says which layers are not there.
TEST(InitialWeights, LayersThatDoNothingAreInTheTable) {
  const std::string folder = LITEQAT_SOURCE_DIR "/tests/golden/keras/weights_only/";
  graph::Graph alone = make_network("mnist_guide", 4, 1), augmented = make_network("mnist_guide", 4, 2);
  ASSERT_TRUE(load_initial_weights(folder + "mnist_guide.h5", {}, alone).ok());
  const auto loading = load_initial_weights(folder + "augmented_guide.keras", {}, augmented);
  ASSERT_TRUE(loading.ok()) << loading.status().message();
  for (const char* name : {"conv2d/kernel", "conv2d/bias", "dense/kernel", "dense/bias"}) {
    EXPECT_EQ(bytes_of(augmented, name), bytes_of(alone, name)) << name;
  }
  EXPECT_THAT(loading->inactive, ElementsAre("flip (RandomFlip)", "noise (GaussianNoise)"));
  EXPECT_THAT(print_weight_loading(*loading, "FILE"),
              Contains("  skipped           2  flip (RandomFlip), noise (GaussianNoise): nothing at inference"));
}

/// Keras 3's weights alone: the same network and weights as above, from a file that numbers its layers.
TEST(InitialWeights, NumberedKerasWeightsAreFoundByTheirNames) {
  const std::string folder = LITEQAT_SOURCE_DIR "/tests/golden/keras/weights_only/";
  graph::Graph legacy = make_network("mnist_guide", 4, 1), numbered = make_network("mnist_guide", 4, 2);
  ASSERT_TRUE(load_initial_weights(folder + "mnist_guide.h5", {}, legacy).ok());
  const auto loading = load_initial_weights(folder + "augmented_guide.weights.h5", {}, numbered);
  ASSERT_TRUE(loading.ok()) << loading.status().message();
  for (const char* name : {"conv2d/kernel", "conv2d/bias", "dense/kernel", "dense/bias"}) {
    EXPECT_EQ(bytes_of(numbered, name), bytes_of(legacy, name)) << name;
  }
  graph::Graph other = make_network("mnist_small", 10, 1, 28);
  const Status missing = load_initial_weights(folder + "augmented_guide.weights.h5", {}, other).status();
  EXPECT_EQ(missing.code(), Code::kMismatch);
  EXPECT_THAT(missing.message(), HasSubstr("weight 'stem/kernel' is missing"));
  EXPECT_THAT(missing.message(), HasSubstr("names in the file are as '"));
  EXPECT_THAT(missing.message(), Not(HasSubstr("--weight-map")));
}

TEST(InitialWeightsErrors, EachNamesTheTensorAndTheWayOut) {
  const std::string path = write_source(make_network("mnist_guide", 10, 1));
  graph::Graph other_head = make_network("mnist_guide", 7, 1);
  const Status shape = load_initial_weights(path, {}, other_head).status();
  EXPECT_EQ(shape.code(), Code::kMismatch);
  EXPECT_EQ(shape.message(),
            path +
                ": weight 'dense/kernel' has shape [10,108], the network needs [7,108]; --reinit dense leaves that layer as it is "
                "initialised");
  graph::Graph other_network = make_network("mnist_small", 10, 1, 28);
  const Status missing = load_initial_weights(path, {}, other_network).status();
  EXPECT_EQ(missing.code(), Code::kMismatch);
  EXPECT_THAT(missing.message(), HasSubstr("weight 'stem/kernel' is missing, the network needs [16,5,5,1]; --reinit stem leaves"));
  const Status unknown = load_initial_weights(path, {"densee"}, other_head).status();
  EXPECT_EQ(unknown.code(), Code::kInvalidArgument);
  EXPECT_THAT(unknown.message(),
              HasSubstr("--reinit densee: the network has no layer of that name with weights; its last ones are conv2d, dense"));
  const Status keras_shape =
      load_initial_weights(LITEQAT_SOURCE_DIR "/tests/golden/keras/weights_only/mnist_guide.h5", {}, other_head).status();
  EXPECT_THAT(keras_shape.message(), HasSubstr("weight 'dense/kernel' has shape [108,4] in Keras' order, the network needs [7,108]"));
}

}  // namespace
}  // namespace liteqat::pipeline
