// The record of `liteqat audit` ("liteqat/audit/1") and its forms: JSON, JUnit XML and SARIF 2.1.0.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/explain_record.h"
#include "results/records.h"

namespace liteqat::results {

struct AttributionPart {
  std::string part;  // "extra training", "conversion", "metric", ..., "unexplained"
  std::string how;   // what was exchanged to measure it
  double value = 0;  // fraction; parts add up to to_value less from_value
};

struct Attribution {
  std::string from = {}, to = {};  // figures' labels or models
  double from_value = 0, to_value = 0;
  std::vector<AttributionPart> parts = {};
};

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

/// One test case per check: a problem is a failure, a doubt goes to its output, skipped is skipped.
std::string audit_to_junit(const Audit& audit);

/// One result per problem and doubt, one rule per check.
std::string audit_to_sarif(const Audit& audit, const std::string& version);

}  // namespace liteqat::results
