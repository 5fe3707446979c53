// The record of `liteqat audit` ("liteqat/audit/1") and its forms: JSON, JUnit XML and SARIF 2.1.0.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/explain_record.h"
#include "results/records.h"

namespace liteqat::results {

/// One row of the table of checks.
struct CheckRecord {
  std::string id, question;
};

struct Audit {
  std::vector<Metric> metrics;
  std::vector<FigureRecord> figures;
  std::vector<Hypothesis> hypotheses;
  std::vector<Finding> findings;
  std::optional<Attribution> attribution;
  std::vector<CheckRecord> checks;
  std::vector<std::string> notes;
};

std::string audit_to_json(const Audit& audit);

/// One test case per check: a problem is a failure, skipped is skipped, doubts and clear findings stand in the suite's output. Valid
/// against the schema of Ant's JUnit task (third_party/junit_schema).
std::string audit_to_junit(const Audit& audit);

/// One result per problem and doubt, one rule per check.
std::string audit_to_sarif(const Audit& audit, const std::string& version);

}  // namespace liteqat::results
