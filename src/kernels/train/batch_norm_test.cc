#include "kernels/train/batch_norm.h"

#include <gtest/gtest.h>

#include "kernels/train/window_for_test.h"

namespace liteqat::kernels::train {
namespace {

using Values = std::vector<float>;
using Doubles = std::vector<double>;
constexpr double kUnit = 0x1p-24;  // unit roundoff of float32

/// A layer and a batch of `rows` rows, cut into chunks of `chunk` rows as the engine does.
struct Batch {
  int64_t rows, channels, chunk;
  float epsilon;
  Values x, dy, gamma, beta;

  size_t elems() const { return size_t(rows * channels); }
};

struct Outputs {
  Values mean, variance, y, dx;
  Doubles dbeta, dgamma;
  bool operator==(const Outputs&) const = default;
};

/// Calls visit(first row, rows) for the chunks in order.
template <typename Visit>
void for_each_chunk(const Batch& b, const Visit& visit) {
  for (int64_t row = 0; row < b.rows; row += b.chunk) visit(row, std::min(b.chunk, b.rows - row));
}

/// Sums of chunks, each from zero, added in chunk order.
template <typename Sum>
void combine(const Batch& b, Doubles* first, Doubles* second, const Sum& sum_chunk) {
  first->assign(size_t(b.channels), 0.0);
  second->assign(size_t(b.channels), 0.0);
  for_each_chunk(b, [&](int64_t row, int64_t rows) {
    Doubles one(first->size()), two(first->size());
    sum_chunk(row, rows, one.data(), two.data());
    for (size_t c = 0; c < one.size(); ++c) {
      (*first)[c] += one[c];
      (*second)[c] += two[c];
    }
  });
}

Outputs compute(const Batch& b) {
  const auto channels = size_t(b.channels);
  Outputs out;
  Doubles sums, squares;
  combine(b, &sums, &squares, [&](int64_t row, int64_t rows, double* sum, double* square) {
    batch_norm_partial_sums(rows, b.channels, b.x.data() + row * b.channels, sum, square);
  });
  out.mean.resize(channels);
  out.variance.resize(channels);
  batch_norm_moments(b.rows, b.channels, sums.data(), squares.data(), out.mean.data(), out.variance.data());
  Values scale(channels), shift(channels);
  batch_norm_fold(b.channels, b.epsilon, b.gamma.data(), b.beta.data(), out.mean.data(), out.variance.data(), scale.data(), shift.data());
  combine(b, &out.dbeta, &out.dgamma, [&](int64_t row, int64_t rows, double* dbeta, double* dgamma) {
    const int64_t at = row * b.channels;
    batch_norm_partial_gradients(rows, b.channels, b.epsilon, b.x.data() + at, b.dy.data() + at, out.mean.data(), out.variance.data(),
                                 dbeta, dgamma);
  });
  out.y.assign(b.elems(), 77.0f);
  out.dx = b.dy;  // in place, as the contract allows
  for_each_chunk(b, [&](int64_t row, int64_t rows) {
    const int64_t at = row * b.channels;
    batch_norm_normalize(rows, b.channels, b.x.data() + at, scale.data(), shift.data(), out.y.data() + at);
    batch_norm_backward(rows, b.channels, b.rows, b.epsilon, b.x.data() + at, out.dx.data() + at, b.gamma.data(), out.mean.data(),
                        out.variance.data(), out.dbeta.data(), out.dgamma.data(), out.dx.data() + at);
  });
  return out;
}

/// y of one channel's column in double, from its definition.
Doubles normalize(const Doubles& x, double gamma, double beta, double epsilon) {
  double mean = 0, variance = 0;
  for (double value : x) mean += value / double(x.size());
  for (double value : x) variance += (value - mean) * (value - mean) / double(x.size());
  Doubles y;
  for (double value : x) y.push_back((value - mean) / std::sqrt(variance + epsilon) * gamma + beta);
  return y;
}

/// Derivative of sum dy * y by `parameter` (an element of x, gamma or beta), by central differences in double: step h leaves an error of
/// h^2 times the third derivative and 1e-16 / h of rounding, both below 1e-9 of these sums for h = 1e-5.
template <typename Loss>
double slope(double* parameter, const Loss& loss) {
  constexpr double kStep = 1e-5;
  const double value = *parameter;
  *parameter = value + kStep;
  const double up = loss();
  *parameter = value - kStep;
  const double down = loss();
  *parameter = value;
  return (up - down) / (2 * kStep);
}

Batch make_batch(int64_t rows, int64_t channels, int64_t chunk, float offset) {
  Batch b = {.rows = rows, .channels = channels, .chunk = chunk, .epsilon = 1e-3f, .x = {}, .dy = {}, .gamma = {}, .beta = {}};
  b.x = random_values(1, b.elems());
  b.dy = random_values(2, b.elems());
  for (float& value : b.x) value = value * 2.0f + offset;
  b.gamma = random_values(3, size_t(channels));
  b.beta = random_values(4, size_t(channels));
  return b;
}

void check_channel(const Batch& b, const Outputs& out, size_t c) {
  Doubles x, dy;
  for (size_t i = c; i < b.elems(); i += size_t(b.channels)) {
    x.push_back(b.x[i]);
    dy.push_back(b.dy[i]);
  }
  double gamma = b.gamma[c], beta = b.beta[c], magnitude = 0, largest = 0;
  const auto loss = [&] {
    double sum = 0;
    const Doubles y = normalize(x, gamma, beta, b.epsilon);
    for (size_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
    return sum;
  };
  for (size_t i = 0; i < dy.size(); ++i) magnitude += std::abs(dy[i]);
  for (double value : x) largest = std::max(largest, std::abs(value));
  // mean, 1/deviation, scale and shift are each rounded to float once, the result a few times: 8 roundings of numbers as large as
  // |x| / deviation * gamma.
  const double spread = 1.0 / std::sqrt(double(out.variance[c]) + double(b.epsilon));
  const double size = (largest * spread + 1) * (std::abs(gamma) + 1) + std::abs(beta);
  const Doubles y = normalize(x, gamma, beta, b.epsilon);
  for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(out.y[i * size_t(b.channels) + c], y[i], 8 * kUnit * size) << "row " << i;
  // dbeta and dgamma: terms rounded once or twice, summed in double or in short float blocks: gamma_32 of the sum of magnitudes.
  const double sum_bound = 40 * kUnit * magnitude;
  EXPECT_NEAR(out.dbeta[c], slope(&beta, loss), sum_bound + 1e-8 * magnitude);
  EXPECT_NEAR(out.dgamma[c], slope(&gamma, loss), sum_bound * (2 * largest * spread + 1) + 1e-8 * magnitude * size);
  // dx: three terms of the size |dy| gamma / deviation, the second times |xhat|^2 / rows.
  for (size_t i = 0; i < x.size(); ++i) {
    const double bound =
        16 * kUnit * spread * size * (std::abs(dy[i]) + 2 * largest * spread * magnitude / double(b.rows) + 1) + 1e-8 * size;
    EXPECT_NEAR(out.dx[i * size_t(b.channels) + c], slope(&x[i], loss), bound) << "row " << i;
  }
}

TEST(BatchNorm, ForwardAndGradientsAgreeWithNumericalDifferentiation) {
  for (int64_t channels : {1, 3, 16, 21}) {
    for (int64_t rows : {2, 7, 45}) {
      for (int64_t chunk : {1, 4, 45}) {
        const Batch b = make_batch(rows, channels, chunk, 0.5f);
        const Outputs out = compute(b);
        SCOPED_TRACE(format("{} rows, {} channels, chunks of {}", rows, channels, chunk));
        for (size_t c = 0; c < size_t(channels); ++c) check_channel(b, out, c);
      }
    }
  }
}

TEST(BatchNorm, VarianceSurvivesALargeMean) {
  // Values 1000 +- 2: a single float32 pass over x * x would lose the variance (1000^2 * 2^-24 = 0.06 per term); TensorFlow and PyTorch,
  // which subtract the mean first, keep about 1e-6 of it.
  const Batch b = make_batch(4096, 3, 1000, 1000.0f);
  const Outputs out = compute(b);
  for (size_t c = 0; c < 3; ++c) {
    double mean = 0, variance = 0;
    for (size_t i = c; i < b.elems(); i += 3) mean += double(b.x[i]) / double(b.rows);
    for (size_t i = c; i < b.elems(); i += 3) variance += (b.x[i] - mean) * (b.x[i] - mean) / double(b.rows);
    EXPECT_NEAR(out.mean[c], mean, 2 * kUnit * mean);
    EXPECT_NEAR(out.variance[c], variance, 4 * kUnit * variance);
  }
}

TEST(BatchNorm, ConstantChannelHasNoVariance) {
  Batch b = make_batch(9, 2, 4, 0.0f);
  for (float& value : b.x) value = 0.1f;
  const Outputs out = compute(b);
  for (size_t c = 0; c < 2; ++c) {
    EXPECT_GE(out.variance[c], 0.0f);
    EXPECT_LT(out.variance[c], 1e-9f);
    EXPECT_NEAR(out.y[c], b.beta[c], 1e-5f);
  }
}

// tf_keras 2.19, BatchNormalization(momentum=0.875, epsilon=1e-3), gamma {1.5, 0.5}, beta {-1, 0.25}, moving mean {0.5, -0.5} and variance
// {2, 3}, x = arange(24) % 7 * 0.75 - 1.5 + arange(24) % 2, gradient of sum(y * (arange(24) % 5 - 2)); as (2,2,3,2), the fused path.
TEST(BatchNorm, AgreesWithKeras) {
  Batch b = {.rows = 12, .channels = 2, .chunk = 6, .epsilon = 1e-3f, .x = {}, .dy = {}, .gamma = {1.5f, 0.5f}, .beta = {-1.0f, 0.25f}};
  for (int i = 0; i < 24; ++i) {
    b.x.push_back(static_cast<float>(i % 7) * 0.75f - 1.5f + static_cast<float>(i % 2));
    b.dy.push_back(static_cast<float>(i % 5 - 2));
  }
  const Outputs out = compute(b);
  const Values y = {-3.04778647f, -0.181831121f, -1.60229015f, 0.336366236f, -0.156793773f, 0.854563534f, 1.28870249f, -0.44092977f};
  const Values dx = {-2.15409589f, -0.24239026f, 0.0466759764f, 0.324849963f, 2.24744797f, -0.835234284f, -0.370101511f, 0.164919391f};
  constexpr float kTolerance = 2e-6f;  // both sides are within about 8 roundings of numbers below 4
  for (size_t i = 0; i < y.size(); ++i) {
    EXPECT_NEAR(out.y[i], y[i], kTolerance);
    EXPECT_NEAR(out.dx[i], dx[i], kTolerance);
  }
  EXPECT_NEAR(out.dgamma[0], -3.53343558, 5e-6);
  EXPECT_NEAR(out.dgamma[1], 4.14557838, 5e-6);
  EXPECT_NEAR(out.dbeta[0], -2, 1e-6);
  EXPECT_NEAR(out.dbeta[1], 0, 1e-6);

  Values mean = {0.5f, -0.5f}, variance = {2.0f, 3.0f};
  batch_norm_update_moving(12, 2, 0.875f, true, out.mean.data(), out.variance.data(), mean.data(), variance.data());
  EXPECT_FLOAT_EQ(mean[0], 0.515625f);
  EXPECT_FLOAT_EQ(mean[1], -0.25f);
  EXPECT_FLOAT_EQ(variance[0], 2.08025575f);  // 4-D input: unbiased
  EXPECT_FLOAT_EQ(variance[1], 2.91051149f);
  mean = {0.5f, -0.5f}, variance = {2.0f, 3.0f};
  batch_norm_update_moving(12, 2, 0.875f, false, out.mean.data(), out.variance.data(), mean.data(), variance.data());
  EXPECT_FLOAT_EQ(variance[0], 2.05273438f);  // (12, 2) input: biased
  EXPECT_FLOAT_EQ(variance[1], 2.88671875f);
}

TEST(BatchNorm, OneRowUpdatesWithoutDividingByZero) {
  float mean = 0, variance = 1;
  const float batch_mean = 2, batch_variance = 0;
  batch_norm_update_moving(1, 1, 0.9f, true, &batch_mean, &batch_variance, &mean, &variance);
  EXPECT_FLOAT_EQ(variance, 0.9f);  // as tf_keras 2.19
}

TEST(BatchNorm, FrozenStatisticsScaleTheGradient) {
  const Values dy = random_values(5, 21), scale = {2.0f, -0.5f, 3.0f};
  Values dx(21), in_place = dy;
  batch_norm_backward_frozen(7, 3, dy.data(), scale.data(), dx.data());
  batch_norm_backward_frozen(7, 3, in_place.data(), scale.data(), in_place.data());
  for (size_t i = 0; i < dx.size(); ++i) EXPECT_EQ(dx[i], dy[i] * scale[i % 3]);
  EXPECT_EQ(in_place, dx);
}

}  // namespace
}  // namespace liteqat::kernels::train
