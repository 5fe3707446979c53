#include "kernels/train/loops/loops.h"

#include <gtest/gtest.h>

#include "kernels/train/window_for_test.h"

// What the loops compute is tested through elementwise.h, batch_norm.h, fake_quant.h and optimizer.h on the set in use; here, that the
// other sets give the same bits.
namespace liteqat::kernels::train {
namespace {

using Values = std::vector<float>;

struct Data {
  int64_t rows, channels;
  Values x, y, weights, m, v, mean, scale, shift;

  int64_t elems() const { return rows * channels; }
};

Data make_data(int64_t rows, int64_t channels) {
  Data d = {.rows = rows, .channels = channels, .x = {}, .y = {}, .weights = {}, .m = {}, .v = {}, .mean = {}, .scale = {}, .shift = {}};
  uint64_t seed = 1;
  for (Values* values : {&d.x, &d.y, &d.weights, &d.m, &d.v}) *values = random_values(seed++, size_t(d.elems()));
  for (Values* values : {&d.mean, &d.scale, &d.shift}) *values = random_values(seed++, size_t(channels));
  for (float& value : d.x) value *= 5;
  for (float& value : d.v) value = std::abs(value);
  return d;
}

/// Everything that the loops write, one result after the other.
struct Results {
  Values floats;
  std::vector<double> doubles;
  bool operator==(const Results&) const = default;
};

class Collector {
 public:
  Collector(const Data& data, Results* results) : data_(data), results_(results) {}

  /// compute(output): output starts as zeros.
  template <typename Compute>
  void add(const Compute& compute) {
    Values output(data_.y.size());
    compute(output.data());
    results_->floats.insert(results_->floats.end(), output.begin(), output.end());
  }
  template <typename Compute>
  void add_sums(const Compute& compute) {
    std::vector<double> one(size_t(data_.channels)), two(one.size());
    compute(one.data(), two.data());
    results_->doubles.insert(results_->doubles.end(), one.begin(), one.end());
    results_->doubles.insert(results_->doubles.end(), two.begin(), two.end());
  }

 private:
  const Data& data_;
  Results* results_;
};

void run_elementwise(const Loops& l, const Data& d, Collector& out) {
  const int64_t n = d.elems();
  out.add([&](float* to) { l.relu_forward(d.x.data(), to, n); });
  out.add([&](float* to) { l.relu6_forward(d.x.data(), to, n); });
  out.add([&](float* to) { l.relu_backward(d.x.data(), d.y.data(), to, n); });
  out.add([&](float* to) { l.relu6_backward(d.x.data(), d.y.data(), to, n); });
  out.add([&](float* to) { l.add_forward(d.x.data(), d.y.data(), to, n); });
  out.add([&](float* to) { l.accumulate(d.x.data(), to, n); });
  const FakeQuantLine divide = {.low = -6, .high = 6, .rate = 12.0f / 255, .quant_zero = 128, .scale = 12.0f / 255};
  FakeQuantLine multiply = divide;
  multiply.rate = 255.0f / 12;
  out.add([&](float* to) { l.fake_quant_divide(divide, d.x.data(), to, n); });
  out.add([&](float* to) { l.fake_quant_multiply(multiply, d.x.data(), to, n); });
  out.add([&](float* to) { l.pass_inside(-2, 3, d.x.data(), d.y.data(), to, n); });
  out.add([&](float* to) { l.min_max(d.x.data(), n, to, to + n - 1); });
}

void run_columns(const Loops& l, const Data& d, Collector& out) {
  out.add_sums([&](double* one, double* two) { l.column_sums(d.rows, d.channels, d.x.data(), one, two); });
  out.add([&](float* to) {
    l.normalized_gradient({d.mean.data(), d.mean.data(), d.scale.data(), d.shift.data()}, d.rows, d.channels, d.x.data(), d.y.data(), to);
  });
  for (const UnitActivation activation : {UnitActivation::kClamp, UnitActivation::kHardSwish}) {
    const Normalized view{d.scale.data(), d.shift.data(), 0.0f, 6.0f, activation};
    out.add([&](float* to) { l.normalize(view, d.rows, d.channels, d.x.data(), to); });
    for (const auto reduce : {l.mask_and_reduce, l.mask_reduce_and_scale}) {
      Values gradient = d.y;
      out.add_sums(
          [&](double* one, double* two) { reduce(view, d.mean.data(), d.rows, d.channels, d.x.data(), gradient.data(), one, two); });
      out.add([&](float* to) { std::copy(gradient.begin(), gradient.end(), to); });
    }
  }
  out.add_sums([&](double* one, double* two) {
    l.column_products(d.rows, d.channels, d.channels, d.x.data(), d.y.data(), d.mean.data(), one, two);
  });
  out.add([&](float* to) { l.scale_columns(d.rows, d.channels, d.x.data(), d.scale.data(), d.shift.data(), to); });
  out.add([&](float* to) { l.scale_columns(d.rows, d.channels, d.x.data(), d.scale.data(), nullptr, to); });
  out.add([&](float* to) {
    l.combine_columns(d.rows, d.channels, d.channels, d.x.data(), d.y.data(), d.mean.data(), d.scale.data(), d.shift.data(), d.mean.data(),
                      to);
  });
}

void run_updates(const Loops& l, const Data& d, Collector& out) {
  for (float momentum : {0.0f, 0.9f}) {
    for (bool nesterov : {false, true}) {
      Values weights = d.weights, velocity = d.m;
      l.sgd({.rate = 0.1f, .momentum = momentum, .weight_decay = 1e-3f, .nesterov = nesterov}, d.x.data(), weights.data(), velocity.data(),
            d.elems());
      out.add([&](float* to) { std::copy(weights.begin(), weights.end(), to); });
      out.add([&](float* to) { std::copy(velocity.begin(), velocity.end(), to); });
    }
  }
  Values weights = d.weights, m = d.m, v = d.v;
  l.adam({.corrected_rate = 0.1f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-7f, .weight_decay = 1e-3f}, d.x.data(), weights.data(),
         m.data(), v.data(), d.elems());
  for (const Values* values : {&weights, &m, &v}) out.add([&](float* to) { std::copy(values->begin(), values->end(), to); });
}

Results run(const Loops& loops, const Data& data) {
  Results results;
  Collector out(data, &results);
  run_elementwise(loops, data, out);
  run_columns(loops, data, out);
  run_updates(loops, data, out);
  return results;
}

TEST(Loops, AllInstructionSetsGiveTheSameBits) {
  for (int64_t rows : {1, 3, 4, 13}) {
    for (int64_t channels : {2, 7, 16, 24, 67}) {
      const Data data = make_data(rows, channels);
      const Results reference = run(find_loops(Isa::kReference), data);
      for (Isa isa : supported_isas()) {
        EXPECT_TRUE(run(find_loops(isa), data) == reference) << isa_name(isa) << " differs, " << rows << " x " << channels;
      }
    }
  }
}

TEST(Loops, AreNamedAfterTheirSet) {
  EXPECT_STREQ(find_loops(Isa::kReference).name, "reference");
  for (Isa isa : supported_isas()) {
    if (isa == Isa::kNeonDot) continue;  // has none of its own
    EXPECT_EQ(std::string(isa_name(isa)).find(find_loops(isa).name), 0u);
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
