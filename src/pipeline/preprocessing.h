// Preprocessing as a person states it on the command line, for models that carry no contract of their own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/status.h"
#include "data/batches.h"
#include "graph/graph.h"

namespace liteqat::pipeline {

struct PreprocessingRequest {
  std::string pixels;             // "", "0..255", "0..1", "-1..1"
  std::vector<double> mean, std;  // pixel units; both or neither
};

/// Empty if nothing was requested. Fails: kInvalidArgument for both forms at once, unequal lengths or a standard deviation that is not
/// above 0.
Result<std::optional<data::Normalization>> parse_preprocessing(const PreprocessingRequest& request);

/// What to feed the model: the request, else the contract it carries, else raw 0..255, and then a note says so. Fails: kInvalidArgument,
/// kMismatch if it does not fit images of `channels` channels.
Result<data::Normalization> choose_normalization(const PreprocessingRequest& request, const graph::Graph& model, const std::string& path,
                                                 int32_t channels, Progress& progress);

}  // namespace liteqat::pipeline
