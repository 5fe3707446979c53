#include "kernels/train/fake_quant.h"

#include <algorithm>
#include <cmath>

#include "kernels/train/requantize.h"
#include "train/steps/make_step.h"

namespace liteqat::train {
namespace {

using kernels::train::MinMax;

/// Rounds raw values to the grid of the range. In training a range that follows the data needs the whole batch's minimum and maximum
/// first: pass 0 finds them, combine moves the range, pass 1 rounds with the moved range, as TFMOT does.
class FakeQuantStep final : public Step {
 public:
  FakeQuantStep(Workplace& place, size_t quantizer, const std::string& name, quant::Observation* observation)
      : Step(name),
        place_(place),
        index_(quantizer),
        seen_(static_cast<size_t>(place.max_chunks)),
        step_sums_(seen_.size()),
        observation_(*observation) {
    if (place.requantizations.empty()) return;
    const quant::Requantization& found = place.requantizations[index_];
    const auto channels = static_cast<size_t>(place.model.tensor(this->quantizer().tensor).shape.back());
    for (size_t channel = 0; !found.unit.empty() && channel < channels; ++channel) {
      const size_t entry = found.unit.size() == 1 ? 0 : channel;
      per_unit_.push_back(1 / found.unit[entry]);
      factor_.push_back(found.factor[entry] * found.first[entry]);
      grain_.push_back(1 / found.first[entry]);
    }
    divisor_ = found.divisor;
    offset_ = found.offset;
  }

  int forward_passes(Mode mode) const override { return observes(mode) && mode == Mode::kTraining ? 2 : 1; }

  void forward(Mode mode, int pass, const Chunk& chunk) override {
    const float* x = place_.layout.raw(quantizer().tensor, chunk);
    float* y = place_.layout.value(quantizer().tensor, chunk);
    const int64_t elems = place_.layout.image_elems(quantizer().tensor) * chunk.count;
    if (pass == 0 && observes(mode)) seen_[static_cast<size_t>(chunk.index)] = kernels::train::find_min_max(x, elems);
    if (mode == Mode::kCalibration) {
      std::copy(x, x + elems, y);
    } else if (mode == Mode::kEvaluation && !per_unit_.empty()) {
      requantize(x, y, elems);
    } else if (pass == forward_passes(mode) - 1) {
      quantize(x, y, elems);
    }
  }

  void combine_forward(Mode mode, int pass, const Batch& batch) override {
    if (pass != 0 || !observes(mode)) return;
    MinMax total = seen_.front();  // on rank 0 of the first chunk, on the others of that of rank 0
    ranks::accumulate(place_.ranks, std::span(&total, 1), 1, [&](size_t, size_t) {
      for (size_t chunk = 0; chunk < static_cast<size_t>(batch.chunks); ++chunk) {
        total = {std::min(total.min, seen_[chunk].min), std::max(total.max, seen_[chunk].max)};
      }
    });
    if (mode == Mode::kCalibration) {
      observe(total);
    } else {
      quant::update_range(place_.plan->quantizers[index_], total.min, total.max);
    }
  }

  void backward(int, const Chunk& chunk) override {
    float* gradient = place_.layout.gradient(quantizer().tensor, chunk);
    if (place_.learns_range(range_index())) step_sums_[static_cast<size_t>(chunk.index)] = step_gradient(chunk, gradient);
    kernels::train::fake_quant_backward(params(), place_.layout.raw(quantizer().tensor, chunk), gradient, gradient,
                                        place_.layout.image_elems(quantizer().tensor) * chunk.count);
  }

  void combine_backward(int, const Batch& batch) override {
    if (!place_.learns_range(range_index())) return;
    double& total = place_.range_gradients[range_index()][0];  // added: quantizers that share the range have theirs
    ranks::accumulate(place_.ranks, std::span(&total, 1), 1, [&](size_t, size_t) {
      for (size_t chunk = 0; chunk < static_cast<size_t>(batch.chunks); ++chunk) total += step_sums_[chunk];
    });
  }

 private:
  size_t range_index() const { return static_cast<size_t>(&place_.plan->range_of(quantizer()) - place_.plan->quantizers.data()); }

  /// Of the chunk's elements. Rounds them again, since dropout may have changed what the forward left.
  double step_gradient(const Chunk& chunk, const float* gradient) const {
    constexpr int64_t kBlock = 1024;
    float rounded[kBlock];
    const float* x = place_.layout.raw(quantizer().tensor, chunk);
    const int64_t elems = place_.layout.image_elems(quantizer().tensor) * chunk.count;
    const numeric::FakeQuantParams range = params();
    double sum = 0;
    for (int64_t begin = 0; begin < elems; begin += kBlock) {
      const int64_t count = std::min(kBlock, elems - begin);
      quantize(x + begin, rounded, count);
      sum += kernels::train::fake_quant_step_gradient(range, x + begin, rounded, gradient + begin, count);
    }
    return sum;
  }

  const quant::Quantizer& quantizer() const { return place_.plan->quantizers[index_]; }

  bool observes(Mode mode) const {
    const quant::RangeUpdate update = quantizer().update;
    const bool follows = update == quant::RangeUpdate::kMovingAverage || update == quant::RangeUpdate::kAllValues;
    return mode == Mode::kCalibration || (mode == Mode::kTraining && follows);
  }

  /// From the plan each time: a shared range is another quantizer's, which may have moved in this very forward.
  numeric::FakeQuantParams params() const {
    const quant::Quantizer& range = place_.plan->range_of(quantizer());
    return numeric::nudge_range(range.min[0], range.max[0], range.narrow);
  }

  void quantize(const float* x, float* y, int64_t elems) const {
    const numeric::FakeQuantParams range = params();
    if (quantizer().per_channel_operator) {
      kernels::train::fake_quant_slices_forward(&range, 1, elems, x, y);
    } else {
      kernels::train::fake_quant_forward(range, x, y, elems);
    }
  }

  void requantize(const float* x, float* y, int64_t elems) const {
    const numeric::FakeQuantParams range = params();
    if (range.all_zero) return quantize(x, y, elems);
    const auto channels = static_cast<int64_t>(per_unit_.size());
    const kernels::train::RequantizeParams deployed = {.per_unit = per_unit_.data(),
                                                       .factor = factor_.data(),
                                                       .grain = grain_.data(),
                                                       .divisor = divisor_,
                                                       .offset = offset_,
                                                       .low = std::round(static_cast<double>(range.nudged_min / range.scale)),
                                                       .high = std::round(static_cast<double>(range.nudged_max / range.scale)),
                                                       .scale = range.scale};
    kernels::train::requantize_forward(deployed, elems / channels, channels, x, y);
  }

  void observe(const MinMax& batch) {
    observation_.min = observation_.seen ? std::min(observation_.min, batch.min) : batch.min;
    observation_.max = observation_.seen ? std::max(observation_.max, batch.max) : batch.max;
    observation_.seen = true;
  }

  Workplace& place_;
  size_t index_;
  std::vector<MinMax> seen_;       // by chunk
  std::vector<double> step_sums_;  // by chunk, of the range's step
  quant::Observation& observation_;
  std::vector<double> per_unit_, factor_, grain_;  // by channel; empty: evaluation rounds by fake quantization
  double divisor_ = 1, offset_ = 0;
};

}  // namespace

std::unique_ptr<Step> make_fake_quant_step(Workplace& place, size_t quantizer, const std::string& name, quant::Observation* observation) {
  return std::make_unique<FakeQuantStep>(place, quantizer, name, observation);
}

}  // namespace liteqat::train
