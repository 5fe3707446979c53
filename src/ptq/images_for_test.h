// Random images, what runs on them, and what a model's activations are there. Included by *_test.cc only.
#pragma once

#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/rng.h"
#include "ptq/rows.h"

namespace liteqat::ptq {

inline constexpr int64_t kImages = 40;
inline constexpr int32_t kHeight = 5, kWidth = 6, kChannels = 2;

inline data::Split make_images() {
  data::Split split;
  split.name = "train", split.count = kImages;
  split.height = kHeight, split.width = kWidth, split.channels = kChannels;
  Rng rng(11);
  split.pixels.resize(static_cast<size_t>(kImages * split.image_elems()));
  for (uint8_t& pixel : split.pixels) pixel = static_cast<uint8_t>(rng.next_below(256));
  split.labels.assign(kImages, 0);
  return split;
}

/// What every test runs on. All positions of all images are sampled.
struct Bench {
  data::Split split = make_images();
  data::Normalization normalization = {{128.0f}, {64.0f}};
  Images images = {split, normalization};
  ThreadPool pool{2};
  SilentProgress progress;
  Machine machine = {Isa::kReference, pool, progress};
  SampleOptions sampling = {.images = kImages, .positions = 1000};
};

/// The tensor's values, image by image.
inline std::vector<std::vector<float>> observe(const graph::Graph& model, graph::TensorId tensor, const Bench& bench) {
  std::vector<std::vector<float>> values(kImages);
  auto observer = Observer::make(model, {tensor}, bench.images, bench.machine);
  LITEQAT_CHECK(observer.ok());
  const Status status = observer->run(0, kImages, [&](int64_t image, size_t, std::span<const float> seen, int) {
    values[static_cast<size_t>(image)].assign(seen.begin(), seen.end());
  });
  LITEQAT_CHECK(status.ok());
  return values;
}

struct Moments {
  std::vector<double> mean, deviation;  // by channel
};

inline Moments measure(const graph::Graph& model, graph::TensorId tensor, const Bench& bench) {
  const auto channels = static_cast<size_t>(model.tensor(tensor).shape.back());
  Moments moments = {std::vector<double>(channels), std::vector<double>(channels)};
  std::vector<double> squares(channels);
  double count = 0;
  for (const std::vector<float>& image : observe(model, tensor, bench)) {
    count += static_cast<double>(image.size() / channels);
    for (size_t i = 0; i < image.size(); ++i) {
      moments.mean[i % channels] += image[i];
      squares[i % channels] += static_cast<double>(image[i]) * image[i];
    }
  }
  for (size_t channel = 0; channel < channels; ++channel) {
    double& mean = moments.mean[channel];
    mean /= count;
    moments.deviation[channel] = std::sqrt(squares[channel] / count - mean * mean);
  }
  return moments;
}

}  // namespace liteqat::ptq
