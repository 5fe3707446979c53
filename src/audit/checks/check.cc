#include "audit/checks/check.h"

#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {

results::Finding make_finding(const Check& check, results::Verdict verdict, const std::string& subject, const std::string& summary,
                              const std::string& advice) {
  return {.check = check.id, .subject = subject, .summary = summary, .advice = advice, .verdict = verdict};
}

double fraction(const results::Count& count) {
  return static_cast<double>(count.correct) / static_cast<double>(count.total);
}

std::string count_text(const results::Count& count) {
  return format("{} of {} ({:.6g})", format_count(count.correct), format_count(count.total), fraction(count));
}

}  // namespace liteqat::audit
