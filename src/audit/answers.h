// What a model answered, from whatever source: class indices or scores, one row an image, in file order. No thread rule: plain values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::audit {

struct Answers {
  std::string name;              // of the model or of the prediction file
  int32_t classes = 0;           // scores an image; 0: class indices alone are known
  std::vector<float> scores;     // [images, classes], empty for class indices
  std::vector<int32_t> classed;  // [images], the first maximum where there are scores
  int64_t ties = 0;              // images whose maximum is shared

  int64_t count() const { return static_cast<int64_t>(classed.size()); }
};

/// From scores [images, classes]: -inf is a score. Fails: kOutOfRange for a NaN, naming image and class. Requires: classes > 0.
Result<Answers> make_answers(const std::string& name, std::vector<float> scores, int32_t classes);

/// Images whose answer equals their label. Requires: as many labels as answers.
int64_t count_correct(const Answers& answers, std::span<const int32_t> labels);

/// What must hold before answers are judged against labels: as many, labels from 0, below the number of scores where it is known.
/// Fails: kMismatch with a sentence.
Status check_labels(const Answers& answers, std::span<const int32_t> labels);

}  // namespace liteqat::audit
