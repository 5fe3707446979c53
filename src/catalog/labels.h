// Labels of a data set against those of a model: by name, by place with an offset, or by number. Pure functions.
//
// Some ImageNet models have 1,001 classes, of which the first is "background", others 1,000. An offset is added to the labels of the data;
// one of 1 puts "background" before the data's classes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::catalog {

/// What is known of the model.
struct ModelLabels {
  std::vector<std::string> names;  // empty: it does not say
  int32_t scores = 0;              // it gives an image; 0: unknown
};

struct Labelling {
  std::vector<std::string> names;  // classes of the data as the model counts them
  std::vector<int32_t> labels;     // [data's classes] the model's label of each; -1 for a number that no image has
  std::string rule;                // "by name", "by place", "by number", and the offset: for records
};

/// `names` are the data's classes by label, `numbered` if those are numbers. An offset given goes by place. Without one: names that the
/// model has (capitals, _ and - aside; of "tench, Tinca tinca" each part) decide; where none of them is the model's, as many classes as the
/// model has labels go by place, one label fewer if its first is "background". Fails: kMismatch naming the class that the model does not
/// have, the nearest that it has, and what to do; kOutOfRange for an offset that leads out.
Result<Labelling> match_labels(const std::vector<std::string>& names, bool numbered, const ModelLabels& model,
                               std::optional<int64_t> offset);

}  // namespace liteqat::catalog
