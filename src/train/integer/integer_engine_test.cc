#include "train/integer/integer_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "base/rng.h"
#include "graph/builder.h"
#include "quant/lower.h"
#include "train/integer/plain_reverse_for_test.h"

namespace liteqat::train {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;

constexpr int32_t kImages = 7;  // chunks of 2: the last one is not full

/// Every operator that trains on integers: strides, SAME and VALID, a depth multiplier, both pools, a residual sum, stand-alone RELU.
Graph make_net() {
  GraphBuilder b("net", 5, {});
  const TensorId input = b.input(9, 8, 3);
  const TensorId stem = b.relu("stem_relu", b.batch_norm("stem_bn", b.conv2d("stem", input, {.filters = 5, .kernel = 3})));
  const TensorId dw = b.relu6("dw_relu", b.batch_norm("dw_bn", b.depthwise("dw", stem, {.filters = 2, .kernel = 3, .bias = true})));
  const TensorId project = b.batch_norm("project_bn", b.conv2d("project", dw, {.filters = 5, .kernel = 1}));
  const TensorId sum = b.relu("sum_relu", b.add("sum", project, stem));
  const TensorId padded = b.pad("pad", sum, {0, 0, 1, 0, 0, 1, 0, 0});
  const TensorId strided =
      b.conv2d("strided", padded, {.filters = 6, .kernel = 3, .stride = 2, .padding = graph::Padding::kValid, .bias = true});
  const TensorId pooled = b.relu("pool_relu", b.max_pool("max_pool", strided, {.filter_h = 2, .filter_w = 2}));
  const TensorId averaged = b.average_pool("average_pool", pooled, {.filter_h = 2, .filter_w = 1});
  const TensorId wide = b.conv2d("wide", averaged, {.filters = 7, .kernel = 2, .padding = graph::Padding::kSame, .bias = true});
  const TensorId flat = b.reshape("flat", b.global_mean("mean", wide), {-1, 7});
  auto model = b.finish(b.softmax("softmax", b.dense("dense", flat, 4)), "scores");
  LITEQAT_CHECK(model.ok());
  return std::move(model).value();
}

/// Every gate and join: products of equal shapes, with one value a channel and with one a position; parts that others read too.
Graph make_gated_net() {
  GraphBuilder b("gated", 6, {});
  const auto swish = [&](const std::string& name, TensorId x) { return b.hard_swish(name + "_swish", b.batch_norm(name + "_bn", x)); };
  const TensorId stem = swish("stem", b.conv2d("stem", b.input(9, 8, 3), {.filters = 5, .kernel = 3, .dilation = 2}));
  const TensorId far = swish("far", b.depthwise("far", stem, {.filters = 1, .kernel = 3, .bias = true, .dilation = 2}));
  const TensorId joined = b.concatenate("joined", {stem, far});
  const TensorId squeezed = b.logistic("sigmoid", b.dense("squeeze", b.global_mean("mean", joined), 10));
  const TensorId excited = b.multiply("excited", joined, b.reshape("gate", squeezed, {-1, 1, 1, 10}));
  const TensorId place = b.logistic("place_sigmoid", b.conv2d("place", excited, {.filters = 1, .bias = true}));
  const TensorId placed = b.multiply("placed", place, excited);
  const TensorId mixed = b.relu("mixed_relu", b.batch_norm("mixed_bn", b.conv2d("mixed", placed, {.filters = 5})));
  const TensorId product = b.hard_swish("product_swish", b.multiply("product", mixed, stem));
  auto model = b.finish(b.softmax("softmax", b.dense("dense", b.global_mean("last_mean", product), 4)), "scores");
  LITEQAT_CHECK(model.ok());
  // A steep way in, so that hard swish is seen beyond both of its corners.
  for (float& gamma : model->tensor(model->find_tensor("stem_bn/gamma")).as<float>()) gamma = 5;
  return std::move(model).value();
}

/// MobileNetV2's blocks: expansion, depthwise convolution, projection, a residual sum; strides, windows beyond the edges, and outputs that
/// read nothing but padding.
Graph make_mobile_net() {
  GraphBuilder b("mobile", 7, {});
  const auto unit = [&](const std::string& name, TensorId x) { return b.relu6(name + "_relu", b.batch_norm(name + "_bn", x)); };
  const TensorId stem = unit("stem", b.conv2d("stem", b.input(9, 8, 3), {.filters = 4, .kernel = 3}));
  const TensorId wide = unit("expand", b.conv2d("expand", stem, {.filters = 18, .kernel = 1}));
  const TensorId deep = unit("deep", b.depthwise("deep", wide, {.filters = 1, .kernel = 3}));
  const TensorId sum = b.add("sum", stem, b.batch_norm("project_bn", b.conv2d("project", deep, {.filters = 4, .kernel = 1})));
  const TensorId second = unit("again", b.conv2d("again", sum, {.filters = 8, .kernel = 1}));
  const TensorId strided = unit("strided", b.depthwise("strided", second, {.filters = 1, .kernel = 5, .stride = 2, .bias = true}));
  const TensorId small = unit("small", b.depthwise("small", strided, {.filters = 1, .kernel = 3, .stride = 5}));
  const TensorId holes = b.depthwise("holes", small, {.filters = 1, .kernel = 2, .bias = true, .dilation = 3});  // taps at -1 and 2 of one
  const TensorId last = unit("last", b.conv2d("last", b.add("holes_sum", small, holes), {.filters = 9, .kernel = 1, .bias = true}));
  auto model = b.finish(b.softmax("softmax", b.dense("dense", b.global_mean("mean", last), 4)), "scores");
  LITEQAT_CHECK(model.ok());
  return std::move(model).value();
}

struct Trained {
  Graph model;
  quant::Plan plan;
};

/// Parameters and statistics as training leaves them; the plan is for the folded graph.
Trained make_trained(bool with_batch_norm, Graph (*make)() = make_net) {
  Trained trained{make(), {}};
  Rng rng(8);
  for (graph::Tensor& tensor : trained.model.tensors) {
    const bool changes = tensor.role == graph::Role::kParameter || tensor.role == graph::Role::kStatistic;
    if (!changes || tensor.shape.size() != 1) continue;
    const bool variance = tensor.name.find("variance") != std::string::npos;
    for (float& value : tensor.as<float>()) value += variance ? rng.next_float() : 0.4f * (rng.next_float() - 0.3f);
  }
  if (!with_batch_norm) trained.model = quant::fold_batch_norm(trained.model).value();
  trained.plan = quant::make_plan(trained.model, quant::Scheme::kLiteqat8Bit).value();
  return trained;
}

std::vector<float> make_images(uint64_t seed) {
  Rng rng(seed);
  std::vector<float> images(kImages * 9 * 8 * 3);
  for (float& value : images) value = rng.next_float();
  return images;
}

const std::vector<int32_t> kLabels = {0, 1, 2, 3, 1, 0, 3};

IntegerEngine make_engine(Trained& trained, ThreadPool& pool, int64_t steps_done = 0, int64_t cache_elems = IntegerOptions{}.cache_elems) {
  auto engine = IntegerEngine::make(trained.model, trained.plan, pool,
                                    {.max_batch = kImages, .chunk = 2, .steps_done = steps_done, .cache_elems = cache_elems});
  LITEQAT_CHECK(engine.ok());
  return *std::move(engine);
}

Codes record_step(IntegerEngine& engine, const std::vector<float>& images, LossValue* loss = nullptr) {
  Codes codes;
  std::mutex mutex;
  engine.set_inspector([&](const std::string& name, int32_t first, std::span<const int8_t> chunk) {
    const std::lock_guard lock(mutex);
    std::vector<int8_t>& all = codes[name];
    const size_t image = chunk.size() / static_cast<size_t>(std::min(2, kImages - first));
    all.resize(image * kImages);
    std::copy(chunk.begin(), chunk.end(), all.begin() + static_cast<std::ptrdiff_t>(image * static_cast<size_t>(first)));
  });
  const Result<LossValue> value = engine.step(images, kLabels, 0);
  LITEQAT_CHECK(value.ok());
  if (loss != nullptr) *loss = *value;
  engine.set_inspector({});
  return codes;
}

/// Softmax cross-entropy's gradient of each logit, its magnitude, and the mean loss, in double.
struct PlainLoss {
  std::vector<double> gradient, magnitude;
  double loss = 0;
};

PlainLoss plain_loss(const Graph& lowered, const std::string& logits, const Codes& codes) {
  const graph::Quantization& grid = lowered.tensor(lowered.find_tensor(logits)).quantization;
  const std::vector<int8_t>& all = codes.at(logits);
  PlainLoss result;
  for (size_t image = 0; image < kImages; ++image) {
    std::vector<double> exponentials;
    double sum = 0;
    for (size_t k = 0; k < 4; ++k) {
      exponentials.push_back(std::exp((all[image * 4 + k] - static_cast<double>(grid.zero_point[0])) * static_cast<double>(grid.scale[0])));
      sum += exponentials.back();
    }
    for (size_t k = 0; k < 4; ++k) {
      const double p = exponentials[k] / sum, target = static_cast<int32_t>(k) == kLabels[image] ? 1 : 0;
      result.gradient.push_back((p - target) / kImages);
      result.magnitude.push_back((p + target) / kImages);
      if (target > 0) result.loss -= std::log(p) / kImages;
    }
  }
  return result;
}

/// float32 gradients differ from the definition by at most (roundings) * 2^-24 of the sum of absolute terms: each product or sum on the
/// longest path rounds once. 64 more for softmax's exponentials (kernels/train/softmax_test.cc: below 32 units each) and partial sums.
void expect_straight_through_gradients(Trained trained, int64_t fewest_nonzero, int64_t steps_done = 0,
                                       int64_t cache_elems = IntegerOptions{}.cache_elems) {
  ThreadPool pool(2);
  IntegerEngine engine = make_engine(trained, pool, steps_done, cache_elems);  // ranges are observed in step 0 and not in step 1
  LossValue loss;
  const Codes codes = record_step(engine, make_images(1), &loss);
  const Graph lowered = quant::lower_to_int8(trained.model, trained.plan, quant::IoType::kFloat32).value();
  const PlainLoss plain = plain_loss(lowered, "dense", codes);
  EXPECT_NEAR(loss.loss, plain.loss, 1e-5);
  PlainReverse reverse(lowered, codes, kImages, false), magnitude(lowered, codes, kImages, true);
  const auto expected = reverse.run("dense", plain.gradient);
  const auto bounds = magnitude.run("dense", plain.magnitude);
  const double unit = std::ldexp(static_cast<double>(reverse.roundings() + 64), -24);
  int64_t nonzero = 0;
  for (size_t k = 0; k < engine.parameters().size(); ++k) {
    const std::string& name = trained.model.tensor(engine.parameters()[k]).name;
    const std::span<const float> gradient = engine.gradient(k);
    ASSERT_EQ(gradient.size(), expected.at(name).size()) << name;
    for (size_t i = 0; i < gradient.size(); ++i) {
      ASSERT_NEAR(gradient[i], expected.at(name)[i], unit * bounds.at(name)[i]) << name << " element " << i;
      nonzero += gradient[i] != 0;
    }
  }
  EXPECT_GT(nonzero, fewest_nonzero);
}

TEST(IntegerEngine, GradientsAreTheStraightThroughDefinition) {
  expect_straight_through_gradients(make_trained(false), 500);
}

TEST(IntegerEngine, GatesAndJoinsHaveTheirStraightThroughGradients) {
  expect_straight_through_gradients(make_trained(false, make_gated_net), 300);
}

TEST(IntegerEngine, SegmentsStripsAndBlocksHaveTheSameGradients) {
  // From one image and one row at a time to everything together.
  for (const auto make : {make_net, make_gated_net, make_mobile_net}) {
    for (const int64_t cache_elems : {4, 300, 700, 2000, 131072}) {
      SCOPED_TRACE(format("{}, {} elements", make().ops[3].name, cache_elems));
      expect_straight_through_gradients(make_trained(false, make), 300, 0, cache_elems);
    }
  }
}

TEST(IntegerEngine, ChunksGrowWithTheWeightsOfAnImage) {
  // One convolution 8x8 of c channels: 64 c values an image, c * c weights. Twice the weights over the values, in fours, 8 to 32.
  const auto chunk = [](int32_t channels, int32_t batch) {
    GraphBuilder b("one", 1, {});
    auto model = b.finish(b.global_mean("mean", b.conv2d("conv", b.input(8, 8, channels), {.filters = channels, .kernel = 1})), "output");
    LITEQAT_CHECK(model.ok());
    return integer_chunk_images(*model, batch);
  };
  EXPECT_EQ(chunk(16, 128), 8);
  EXPECT_EQ(chunk(640, 128), 16);  // 2 * 640 * 640 / (64 * 640 + 1) = 19, in fours
  EXPECT_EQ(chunk(2048, 128), 32);
  EXPECT_EQ(chunk(2048, 64), 16);
  EXPECT_EQ(chunk(2048, 1), 1);
}

TEST(IntegerEngine, SegmentsNeedLessMemory) {
  Trained cut = make_trained(true, make_mobile_net), whole = make_trained(true, make_mobile_net);
  ThreadPool pool(1);
  EXPECT_LT(make_engine(cut, pool, 0, 1300).memory_bytes(), make_engine(whole, pool).memory_bytes());
}

/// Ranges that cut values off, at a join more than at its parts; a sigmoid at the upper end of its grid, which cuts nothing off.
TEST(IntegerEngine, GatesAndJoinsPassNoGradientWhereTheyAreCutOff) {
  Trained trained = make_trained(false, make_gated_net);
  const std::map<std::string, float> ends = {{"input", 1.0f}, {"stem_swish", 2.0f}, {"joined", 0.6f}, {"product", 0.3f}};
  for (quant::Quantizer& quantizer : trained.plan.quantizers) {
    const auto end = ends.find(trained.model.tensor(quantizer.tensor).name);
    if (end == ends.end()) continue;
    for (float& low : quantizer.min) low = std::max(low, -end->second);
    for (float& high : quantizer.max) high = end->second;
  }
  for (float& bias : trained.model.tensor(trained.model.find_tensor("squeeze/bias")).as<float>()) bias = 5.5f;
  const auto count_at_ends = [](const std::vector<int8_t>& codes) {
    return std::ranges::count_if(codes, [](int8_t c) { return c == 127 || c == -128; });
  };
  ThreadPool pool(1);
  Trained copy = trained;
  IntegerEngine engine = make_engine(copy, pool, 1);
  const Codes codes = record_step(engine, make_images(1));
  for (const char* name : {"stem_swish", "joined", "product", "sigmoid"}) EXPECT_GT(count_at_ends(codes.at(name)), 0) << name;
  expect_straight_through_gradients(std::move(trained), 300, 1);
}

/// The chain rule through the fold, from the gradients of the folded network: both engines see the same deployed graph.
TEST(IntegerEngine, GammaBetaAndRawWeightsGetTheGradientsOfTheFold) {
  Trained raw = make_trained(true), folded = make_trained(false);
  ThreadPool pool(2);
  IntegerEngine engine = make_engine(raw, pool), reference = make_engine(folded, pool);
  const Codes codes = record_step(engine, make_images(1));
  EXPECT_EQ(codes, record_step(reference, make_images(1)));
  const auto gradient = [](const IntegerEngine& of, const Graph& model, const std::string& name) {
    for (size_t k = 0; k < of.parameters().size(); ++k) {
      if (model.tensor(of.parameters()[k]).name == name) return of.gradient(k);
    }
    ADD_FAILURE() << "no parameter " << name;
    return std::span<const float>();
  };
  const auto values = [&](const std::string& name) { return raw.model.tensor(raw.model.find_tensor(name)).as<float>(); };
  for (const std::string layer : {"stem", "dw", "project"}) {
    const auto dw = gradient(engine, raw.model, layer + "/kernel"), folded_dw = gradient(reference, folded.model, layer + "/kernel");
    const auto folded_db = gradient(reference, folded.model, layer + "/bias");
    const auto gamma = values(layer + "_bn/gamma"), mean = values(layer + "_bn/moving_mean"), w = values(layer + "/kernel");
    const auto variance = values(layer + "_bn/moving_variance");
    const size_t channels = gamma.size();
    std::vector<double> expected_gamma(channels, 0.0), magnitude(channels, 0.0);
    for (size_t i = 0; i < dw.size(); ++i) {
      const size_t c = layer == "dw" ? i % channels : i / (dw.size() / channels);
      const double inverse = 1 / std::sqrt(static_cast<double>(variance[c]) + 1e-3);
      EXPECT_NEAR(dw[i], folded_dw[i] * gamma[c] * inverse, 1e-6 * std::abs(folded_dw[i] * gamma[c] * inverse)) << layer;
      expected_gamma[c] += folded_dw[i] * static_cast<double>(w[i]) * inverse;
      magnitude[c] += std::abs(folded_dw[i] * static_cast<double>(w[i]) * inverse);
    }
    for (size_t c = 0; c < channels; ++c) {
      const double inverse = 1 / std::sqrt(static_cast<double>(variance[c]) + 1e-3);
      const double bias = layer == "dw" ? static_cast<double>(values("dw/bias")[c]) : 0.0;
      const double from_bias = folded_db[c] * (bias - static_cast<double>(mean[c])) * inverse;
      EXPECT_NEAR(gradient(engine, raw.model, layer + "_bn/gamma")[c], expected_gamma[c] + from_bias,
                  1e-6 * (magnitude[c] + std::abs(from_bias)))
          << layer;
      EXPECT_EQ(gradient(engine, raw.model, layer + "_bn/beta")[c], folded_db[c]) << layer;
      if (layer != "dw") continue;
      const double db = folded_db[c] * static_cast<double>(gamma[c]) * inverse;
      EXPECT_NEAR(gradient(engine, raw.model, "dw/bias")[c], db, 1e-6 * std::abs(db));
    }
  }
}

std::vector<float> gradients_of_steps(int threads, int64_t first, int64_t count, Trained& trained) {
  ThreadPool pool(threads);
  IntegerEngine engine = make_engine(trained, pool, first);
  std::vector<float> bytes;
  for (int64_t step = first; step < first + count; ++step) {
    LITEQAT_CHECK(engine.step(make_images(static_cast<uint64_t>(step)), kLabels, 0.1f).ok());
    for (size_t k = 0; k < engine.parameters().size(); ++k) {
      bytes.insert(bytes.end(), engine.gradient(k).begin(), engine.gradient(k).end());
      std::span<float> values = trained.model.tensor(engine.parameters()[k]).as<float>();
      for (size_t i = 0; i < values.size(); ++i) values[i] -= 0.01f * engine.gradient(k)[i];
    }
  }
  return bytes;
}

TEST(IntegerEngine, BytesDoNotDependOnThreads) {
  Trained one = make_trained(true), two = make_trained(true), four = make_trained(true);
  const std::vector<float> expected = gradients_of_steps(1, 0, 3, one);
  EXPECT_EQ(gradients_of_steps(2, 0, 3, two), expected);
  EXPECT_EQ(gradients_of_steps(4, 0, 3, four), expected);
}

/// With its clock on an interpreter is invoked step by step.
TEST(IntegerEngine, ItsClockCountsEveryOperatorAndChangesNoByte) {
  Trained plain = make_trained(true), clocked = make_trained(true);
  ThreadPool pool(2);
  IntegerEngine engine = make_engine(plain, pool);
  auto timed = IntegerEngine::make(clocked.model, clocked.plan, pool, {.max_batch = kImages, .chunk = 2, .timed = true});
  ASSERT_TRUE(timed.ok()) << timed.status().message();
  ASSERT_TRUE(engine.step(make_images(1), kLabels, 0.1f).ok());
  ASSERT_TRUE(timed->step(make_images(1), kLabels, 0.1f).ok());
  for (size_t k = 0; k < engine.parameters().size(); ++k) {
    const std::span<const float> own = timed->gradient(k), expected = engine.gradient(k);
    EXPECT_TRUE(std::equal(own.begin(), own.end(), expected.begin(), expected.end())) << k;
  }
  const Graph lowered = quant::lower_to_int8(quant::fold_keeping_ids(clocked.model).value(), clocked.plan, quant::IoType::kFloat32).value();
  const std::vector<StepTime> times = timed->step_times();
  ASSERT_EQ(times.size(), lowered.ops.size() + 2);
  for (size_t op = 0; op < lowered.ops.size(); ++op) {
    EXPECT_EQ(times[op].name, lowered.ops[op].name);
    EXPECT_EQ(times[op].operators[0], lowered.ops[op].kind);
    EXPECT_EQ(times[op].forward_macs, graph::count_macs(lowered, lowered.ops[op])) << times[op].name;
    // The image has no gradient: the first convolution makes that of its weights only.
    EXPECT_EQ(times[op].backward_macs, times[op].forward_macs * (times[op].name == "stem" ? 1 : 2)) << times[op].name;
    if (times[op].forward_macs == 0) continue;
    EXPECT_GT(times[op].forward_seconds, 0) << times[op].name;
    EXPECT_GT(times[op].backward_seconds, 0) << times[op].name;
  }
  EXPECT_EQ(times[lowered.ops.size()].kind, StepKind::kObservation);
  EXPECT_EQ(times.back().kind, StepKind::kPacking);
  EXPECT_GT(times.back().forward_seconds, 0);
}

/// The schedule of decision 32: mean and variance stay those of float training in every step, gamma and beta train in every step.
TEST(IntegerEngine, StatisticsAreFrozenWhileGammaAndBetaTrain) {
  Trained trained = make_trained(true);
  for (int64_t step = 0; step <= kObservationInterval; ++step) {
    const Graph before = trained.model;
    gradients_of_steps(1, step, 1, trained);
    for (size_t id = 0; id < before.tensors.size(); ++id) {
      const graph::Tensor& tensor = before.tensors[id];
      const bool same = trained.model.tensors[id].data == tensor.data;
      const bool scales = tensor.name.ends_with("/gamma") || tensor.name.ends_with("/beta");
      EXPECT_TRUE(same || tensor.role != graph::Role::kStatistic) << tensor.name << " in step " << step;
      EXPECT_TRUE(!same || !scales) << tensor.name << " in step " << step;
    }
  }
}

TEST(IntegerEngine, GoesOnWhereItStopped) {
  Trained whole = make_trained(true), parts = make_trained(true);
  const std::vector<float> expected = gradients_of_steps(2, 0, kObservationInterval + 3, whole);
  std::vector<float> resumed = gradients_of_steps(2, 0, 3, parts);
  const std::vector<float> rest = gradients_of_steps(2, 3, kObservationInterval, parts);
  resumed.insert(resumed.end(), rest.begin(), rest.end());
  EXPECT_EQ(resumed, expected);
  for (size_t k = 0; k < whole.plan.quantizers.size(); ++k) EXPECT_EQ(parts.plan.quantizers[k].max, whole.plan.quantizers[k].max);
}

TEST(IntegerEngine, RangesFollowEveryEighthBatchByEightSteps) {
  Trained trained = make_trained(true);
  const quant::Quantizer before = *trained.plan.find(trained.model.find_tensor("stem_relu"));
  ThreadPool pool(1);
  IntegerEngine engine = make_engine(trained, pool);
  ASSERT_TRUE(engine.step(make_images(3), kLabels, 0).ok());
  Graph folded = quant::fold_keeping_ids(trained.model).value();
  quant::Plan plan = trained.plan;
  auto float_engine = Engine::make(folded, &plan, pool, {.max_batch = kImages, .chunk = 2, .training = false});
  ASSERT_TRUE(float_engine.ok());
  float_engine->forward(make_images(3), kImages, Mode::kCalibration);
  const auto index = static_cast<size_t>(trained.plan.find(before.tensor) - trained.plan.quantizers.data());
  const double kept = std::pow(0.99, kObservationInterval);
  const double expected = before.max[0] * kept + static_cast<double>(float_engine->observations()[index].max) * (1 - kept);
  EXPECT_NEAR(trained.plan.quantizers[index].max[0], expected, 1e-5 * 6);  // decay 0.99 is a float: 1e-8 of it, times 8 steps and 6
  const std::vector<float> after = trained.plan.quantizers[index].max;
  ASSERT_TRUE(engine.step(make_images(4), kLabels, 0).ok());
  EXPECT_EQ(trained.plan.quantizers[index].max, after);
}

TEST(IntegerEngineErrors, NamesWhatItCannotTrain) {
  GraphBuilder b("net", 5, {});
  const TensorId input = b.input(4, 4, 2);
  const TensorId two = b.batch_norm("late_bn", b.relu("relu", b.conv2d("conv", input, {.filters = 2, .kernel = 1})));
  Graph model = b.finish(b.dense("dense", b.global_mean("mean", two), 3), "logits").value();
  quant::Plan plan;
  ThreadPool pool(1);
  auto engine = IntegerEngine::make(model, plan, pool, {.max_batch = 2, .chunk = 1});
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.status().code(), Code::kUnsupported);
  EXPECT_NE(engine.status().message().find("late_bn"), std::string::npos) << engine.status().message();

  plan.scheme = quant::Scheme::kTfmot8Bit;
  engine = IntegerEngine::make(model, plan, pool, {.max_batch = 2, .chunk = 1});
  ASSERT_FALSE(engine.ok());
  EXPECT_NE(engine.status().message().find("tfmot_8bit"), std::string::npos) << engine.status().message();
}

}  // namespace
}  // namespace liteqat::train
