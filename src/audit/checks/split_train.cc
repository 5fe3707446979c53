#include "audit/checks/all.h"
#include "audit/checks/claimed.h"

namespace liteqat::audit {
namespace {

/// The training split.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  for (const Measured& measured : subject.measured) {
    if (measured.split != "train" || measured.answers.classed.size() != evidence.train_labels.size()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.train_labels);
    made.push_back({{right, n}, "its accuracy on the training images", measured.profile, n / kSlackShare});
    made.push_back({{n * evidence.classes - 2 * (n - right), n * evidence.classes},
                    "one-hot vectors of the training images compared element by element",
                    measured.profile,
                    2 * n / kSlackShare});
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce, "Evaluate on images that training never saw.", findings);
}

}  // namespace

const Check kSplitTrain = {
    .id = "split.train",
    .question = "Was it measured on the training images?",
    .needs = "a claimed figure and the model with its training images (--claimed TEXT, a model, --data DIR)",
    .statistic = "accuracy on the training split",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
