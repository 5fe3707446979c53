// explain as a stage: a text from a file or standard input -> an explanation record.
#pragma once

#include <string>

#include "audit/explain/facts.h"
#include "base/status.h"
#include "results/explain_record.h"

namespace liteqat::pipeline {

struct ExplainInputs {
  std::string file;  // "-": standard input
  audit::StatedFacts facts = {};
};

/// Texts above 256 MiB are refused.
Result<results::Explanation> explain_file(const ExplainInputs& inputs);

std::string explanation_text(const results::Explanation& explanation, bool color, bool all);
std::string explanation_markdown(const results::Explanation& explanation);

}  // namespace liteqat::pipeline
