// The record of `liteqat eval` ("liteqat/eval/1"): metrics of models on the same images, and what their gaps mean.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/comparison.h"
#include "results/records.h"

namespace liteqat::results {

struct Evaluation {
  std::vector<Metric> metrics;
  std::vector<PairComparison> comparisons = {};  // of two and more models
  std::vector<Finding> findings = {};            // noise.within_sampling_error of every pair
  std::vector<std::string> notes = {};           // sentences about the images: folders, copies
  std::optional<ImageReading> images = {};       // how they were read
};

std::string evaluation_to_json(const Evaluation& evaluation);

}  // namespace liteqat::results
