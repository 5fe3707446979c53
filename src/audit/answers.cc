#include "audit/answers.h"

#include <algorithm>
#include <cmath>

namespace liteqat::audit {

Result<Answers> make_answers(const std::string& name, std::vector<float> scores, int32_t classes) {
  LITEQAT_CHECK(classes > 0 && scores.size() % static_cast<size_t>(classes) == 0);
  Answers answers;
  answers.name = name, answers.classes = classes;
  const auto width = static_cast<size_t>(classes);
  answers.classed.reserve(scores.size() / width);
  for (size_t begin = 0; begin < scores.size(); begin += width) {
    size_t best = begin, shared = 0;
    for (size_t i = begin; i < begin + width; ++i) {
      if (std::isnan(scores[i])) {
        return error(Code::kOutOfRange, "{}: the score of class {} of image {} is NaN: a prediction without an order", name, i - begin,
                     begin / width);
      }
      if (scores[i] > scores[best]) {
        best = i, shared = 0;
      } else {
        shared += i != best && scores[i] == scores[best];
      }
    }
    answers.classed.push_back(static_cast<int32_t>(best - begin));
    answers.ties += shared > 0;
  }
  answers.scores = std::move(scores);
  return answers;
}

int64_t count_correct(const Answers& answers, std::span<const int32_t> labels) {
  LITEQAT_CHECK_EQ(answers.classed.size(), labels.size());
  int64_t correct = 0;
  for (size_t i = 0; i < labels.size(); ++i) correct += answers.classed[i] == labels[i];
  return correct;
}

Status check_labels(const Answers& answers, std::span<const int32_t> labels) {
  if (labels.size() != answers.classed.size()) {
    return error(Code::kMismatch, "{}: answers for {} images, there are {} labels: they belong to different images", answers.name,
                 answers.count(), labels.size());
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) return error(Code::kOutOfRange, "the label of image {} is {}: class indices from 0 are expected", i, labels[i]);
    if (answers.classes > 0 && labels[i] >= answers.classes) {
      return error(Code::kMismatch, "{}: gives {} scores an image, the label of image {} is class {}", answers.name, answers.classes, i,
                   labels[i]);
    }
  }
  return {};
}

}  // namespace liteqat::audit
