#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

/// The end of the training split.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  for (const Measured& measured : subject.measured) {
    if (measured.split != "train" || measured.answers.classed.size() != evidence.train_labels.size()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.train_labels);
    for (const int64_t part : {10, 5, 20}) {
      const int64_t count = n / part;
      int64_t good = 0;
      for (size_t i = static_cast<size_t>(n - count); i < static_cast<size_t>(n); ++i) {
        good += measured.answers.classed[i] == evidence.train_labels[i];
      }
      if (count > 0 && right != n)
        made.push_back({{good, count}, format("its accuracy on the last {} training images", count), measured.profile});
    }
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce,
                 "Evaluate on the test images; a validation split that an earlier stage trained on is a training split.", findings);
}

}  // namespace

const Check kSplitValidation = {
    .id = "split.validation",
    .question = "Was it measured on a validation split taken from the training images?",
    .needs = "a claimed figure and the model with its training images (--claimed TEXT, a model, --data DIR)",
    .statistic = "accuracy on the last tenth of the training images in file order (also a fifth and a twentieth)",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
