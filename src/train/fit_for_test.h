// What the tests of fit() share: a data set that a small network learns in a few dozen steps, and what equal outcomes are.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "quant/plan.h"
#include "train/fit.h"

namespace liteqat::train {

/// Two classes of 6x6 images: the bright half tells which.
inline data::Split make_two_halves(int64_t count, uint64_t seed) {
  data::Split split;
  split.name = "train";
  split.count = count;
  split.height = split.width = 6;
  split.channels = 1;
  Rng rng(seed);
  for (int64_t image = 0; image < count; ++image) {
    const int32_t label = static_cast<int32_t>(rng.next_below(2));
    split.labels.push_back(label);
    for (int pixel = 0; pixel < 36; ++pixel) {
      const bool bright = (pixel < 18) == (label == 0);
      split.pixels.push_back(static_cast<uint8_t>(rng.next_below(120) + (bright ? 120 : 0)));
    }
  }
  return split;
}

/// Every byte of the tensors.
inline void expect_same_model(const graph::Graph& a, const graph::Graph& b) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (size_t id = 0; id < a.tensors.size(); ++id) EXPECT_TRUE(a.tensors[id].data == b.tensors[id].data) << a.tensors[id].name;
}

inline void expect_same_ranges(const quant::Plan& a, const quant::Plan& b) {
  ASSERT_EQ(a.quantizers.size(), b.quantizers.size());
  for (size_t k = 0; k < a.quantizers.size(); ++k) {
    EXPECT_EQ(a.quantizers[k].min, b.quantizers[k].min) << "quantizer " << k;
    EXPECT_EQ(a.quantizers[k].max, b.quantizers[k].max) << "quantizer " << k;
  }
}

inline void expect_same_history(const FitState& a, const FitState& b) {
  ASSERT_EQ(a.history.size(), b.history.size());
  for (size_t epoch = 0; epoch < a.history.size(); ++epoch) {
    EXPECT_EQ(a.history[epoch].train_loss, b.history[epoch].train_loss);
    EXPECT_EQ(a.history[epoch].validation_loss, b.history[epoch].validation_loss);
  }
}

}  // namespace liteqat::train
