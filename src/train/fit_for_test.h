// What the tests of fit() share: a data set that a small network learns in a few dozen steps, and what equal outcomes are.
#pragma once

#include <string>

#include "base/format.h"
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

/// Asks for an interruption once so many batches are done.
class InterruptAfter final : public Progress {
 public:
  explicit InterruptAfter(int batches) : left_(batches) {}
  void begin(const std::string&, int64_t, const std::string&) override {}
  void update(int64_t, const std::string&) override {
    if (--left_ == 0) request_interrupt();
  }
  void end(const std::string&) override {}
  void note(const std::string&) override {}

 private:
  int left_;
};

/// The first tensor, range or epoch in which two outcomes of fit() differ by a byte; empty: none.
inline std::string find_difference(const graph::Graph& a, const graph::Graph& b) {
  if (a.tensors.size() != b.tensors.size()) return "number of tensors";
  for (size_t id = 0; id < a.tensors.size(); ++id) {
    if (a.tensors[id].data != b.tensors[id].data) return a.tensors[id].name;
  }
  return "";
}

inline std::string find_difference(const quant::Plan& a, const quant::Plan& b) {
  if (a.quantizers.size() != b.quantizers.size()) return "number of quantizers";
  for (size_t k = 0; k < a.quantizers.size(); ++k) {
    if (a.quantizers[k].min != b.quantizers[k].min || a.quantizers[k].max != b.quantizers[k].max) return format("range of quantizer {}", k);
  }
  return "";
}

inline std::string find_difference(const FitState& a, const FitState& b) {
  if (a.history.size() != b.history.size()) return "number of epochs";
  for (size_t k = 0; k < a.history.size(); ++k) {
    if (a.history[k].train_loss != b.history[k].train_loss) return format("training loss of epoch {}", k + 1);
    if (a.history[k].validation_loss != b.history[k].validation_loss) return format("validation loss of epoch {}", k + 1);
    if (a.history[k].train_correct != b.history[k].train_correct) return format("right images of epoch {}", k + 1);
    if (a.history[k].steps != b.history[k].steps) return format("steps of epoch {}", k + 1);
    if (a.history[k].learning_rate != b.history[k].learning_rate) return format("learning rate of epoch {}", k + 1);
  }
  return "";
}

}  // namespace liteqat::train
