#include "kernels/train/optimizer.h"

#include <gtest/gtest.h>

#include "kernels/train/window_for_test.h"

namespace liteqat::kernels::train {
namespace {

using Values = std::vector<float>;

// Four weights and three steps; results of tf_keras 2.19's SGD(0.1), SGD(0.1, momentum=0.9), the same with nesterov, and Adam(0.01).
const Values kStart = {1.5f, -0.25f, 0.0f, 2.0f};
const std::vector<Values> kGradients = {{0.5f, -1.0f, 0.25f, 0.0f}, {-0.125f, 2.0f, 0.25f, 1e-3f}, {0.75f, 0.5f, -3.0f, 0.0f}};

// Two float32 implementations of the same few operations, values below 2: 4 roundings a step.
void expect_near(const Values& found, const Values& expected, int step) {
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], 4 * 2 * 0x1p-24 * (step + 1)) << "step " << step << ", weight " << i;
}

void check_sgd(const SgdParams& params, const std::vector<Values>& expected) {
  Values w = kStart, velocity(4);
  for (size_t step = 0; step < expected.size(); ++step) {
    sgd_update(params, kGradients[step].data(), w.data(), params.momentum == 0 ? nullptr : velocity.data(), 4);
    expect_near(w, expected[step], int(step));
  }
}

TEST(Optimizer, SgdAgreesWithKeras) {
  check_sgd({.rate = 0.1f, .momentum = 0, .weight_decay = 0, .nesterov = false}, {{1.45000005f, -0.150000006f, -0.0250000004f, 2},
                                                                                  {1.4625001f, -0.350000024f, -0.0500000007f, 1.99989998f},
                                                                                  {1.38750005f, -0.400000036f, 0.25f, 1.99989998f}});
  check_sgd({.rate = 0.1f, .momentum = 0.9f, .weight_decay = 0, .nesterov = false},
            {{1.45000005f, -0.150000006f, -0.0250000004f, 2},
             {1.41750002f, -0.26000002f, -0.0724999979f, 1.99989998f},
             {1.31325006f, -0.409000039f, 0.184750021f, 1.99980998f}});
  check_sgd({.rate = 0.1f, .momentum = 0.9f, .weight_decay = 0, .nesterov = true},
            {{1.40499997f, -0.0600000024f, -0.0474999994f, 2},
             {1.38824999f, -0.359000027f, -0.115249999f, 1.99980998f},
             {1.21942496f, -0.543099999f, 0.416275024f, 1.99972904f}});
}

TEST(Optimizer, AdamAgreesWithKeras) {
  const std::vector<Values> expected = {{1.49000013f, -0.240000099f, -0.00999980699f, 2},
                                        {1.48530555f, -0.243661091f, -0.0199996177f, 1.9925822f},
                                        {1.47798514f, -0.247817576f, -0.0145594096f, 1.98684812f}};
  Values w = kStart, m(4), v(4);
  for (size_t step = 0; step < expected.size(); ++step) {
    const auto t = static_cast<double>(step + 1);
    const double corrected = 0.01 * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
    adam_update({.corrected_rate = static_cast<float>(corrected), .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-7f, .weight_decay = 0},
                kGradients[step].data(), w.data(), m.data(), v.data(), 4);
    // 1 - 0.999f carries a relative error of 2^-24 / 0.001 = 6e-5, which v keeps and the step (0.01) halves: 3e-7 on both sides.
    for (size_t i = 0; i < w.size(); ++i) EXPECT_NEAR(w[i], expected[step][i], 1e-6) << "step " << step << ", weight " << i;
  }
}

TEST(Optimizer, EveryLengthAndWeightDecay) {
  for (size_t count : {0u, 1u, 7u, 16u, 45u}) {
    const Values start = random_values(1, count), gradient = random_values(2, count);
    Values w = start, velocity = random_values(3, count);
    const Values old_velocity = velocity;
    sgd_update({.rate = 0.5f, .momentum = 0.75f, .weight_decay = 0.125f, .nesterov = false}, gradient.data(), w.data(), velocity.data(),
               int64_t(count));
    for (size_t i = 0; i < count; ++i) {
      const double expected = 0.75 * old_velocity[i] - 0.5 * (gradient[i] + 0.125 * start[i]);
      EXPECT_NEAR(velocity[i], expected, 4 * 0x1p-24 * 8);  // 4 roundings of numbers below 8
      EXPECT_NEAR(w[i], start[i] + expected, 5 * 0x1p-24 * 8);
    }
    Values plain = start, adam = start, m(count), v(count);
    sgd_update({.rate = 0.5f, .momentum = 0, .weight_decay = 0.125f, .nesterov = false}, gradient.data(), plain.data(), nullptr,
               int64_t(count));
    adam_update({.corrected_rate = 0.25f, .beta1 = 0.5f, .beta2 = 0.75f, .epsilon = 1e-3f, .weight_decay = 0.125f}, gradient.data(),
                adam.data(), m.data(), v.data(), int64_t(count));
    for (size_t i = 0; i < count; ++i) {
      const double g = gradient[i] + 0.125 * start[i];
      EXPECT_NEAR(plain[i], start[i] - 0.5 * g, 4 * 0x1p-24 * 8);
      // m = g / 2, v = g^2 / 4: the step is rate * g / (|g| + 2 epsilon), at most 0.25.
      EXPECT_NEAR(adam[i], start[i] - 0.25 * 0.5 * g / (0.5 * std::abs(g) + 1e-3), 8 * 0x1p-24 * 8);
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
