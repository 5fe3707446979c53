// One check: a question with an id, what it needs, its statistic, its threshold and how often that is passed by accident. A check reads
// the evidence and adds findings; one that adds none lacked what it needs, and is reported as skipped with `needs` as the advice.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "audit/evidence.h"
#include "results/records.h"

namespace liteqat::audit {

using Findings = std::vector<results::Finding>;

struct Check {
  const char* id;
  const char* question;
  const char* needs;
  const char* statistic;
  const char* threshold;
  const char* error_rate;
  void (*run)(const Check& check, const Evidence& evidence, Findings& findings);
};

/// All of them, in the order in which findings of the same verdict are shown: what explains a figure before what only doubts it.
std::span<const Check* const> all_checks();

/// One finding of a check. Advice may be empty.
results::Finding make_finding(const Check& check, results::Verdict verdict, const std::string& subject, const std::string& summary,
                              const std::string& advice = {});

/// "6,907 of 10,000 (0.6907)".
std::string count_text(const results::Count& count);
double fraction(const results::Count& count);

}  // namespace liteqat::audit
