#include "audit/checks/harm.h"

#include <algorithm>

#include "audit/checks/levels.h"
#include "stats/comparisons.h"

namespace liteqat::audit {

std::optional<Harm> measure_harm(const Evidence& evidence, const AuditedModel& subject) {
  const Measured* measured = subject.find("test");
  if (!subject.study || measured == nullptr || evidence.labels.size() != measured->answers.classed.size()) return std::nullopt;
  const std::vector<int32_t>& twin = subject.study->twin_classed;
  if (twin.empty() || twin.size() > evidence.labels.size()) return std::nullopt;
  Harm harm;
  harm.own.total = harm.twin.total = static_cast<int64_t>(twin.size());
  int64_t only_own = 0, only_twin = 0;
  for (size_t i = 0; i < twin.size(); ++i) {
    const bool here = measured->answers.classed[i] == evidence.labels[i], there = twin[i] == evidence.labels[i];
    harm.own.correct += here, harm.twin.correct += there;
    only_own += here && !there, only_twin += there && !here;
  }
  harm.p = stats::mcnemar_exact_p(only_own, only_twin);
  harm.hurts = fraction(harm.twin) - fraction(harm.own) >= kProblemGap && harm.p < kProblemP;
  return harm;
}

}  // namespace liteqat::audit
