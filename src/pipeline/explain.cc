#include "pipeline/explain.h"

#include <cstdio>

#include "audit/explain/explain.h"
#include "base/file.h"
#include "report/explanation.h"

namespace liteqat::pipeline {
namespace {

constexpr int64_t kLargestText = int64_t{256} << 20;

Result<std::string> read_standard_input() {
  std::string text;
  char buffer[1 << 16];
  while (const size_t count = std::fread(buffer, 1, sizeof buffer, stdin)) {
    text.append(buffer, count);
    if (static_cast<int64_t>(text.size()) > kLargestText)
      return error(Code::kOutOfRange, "stdin: more than {} bytes; give the part of the log that holds the figures", kLargestText);
  }
  if (std::ferror(stdin) != 0) return Status(Code::kIo, "stdin: cannot be read");
  return text;
}

}  // namespace

Result<results::Explanation> explain_file(const ExplainInputs& inputs) {
  const bool piped = inputs.file == "-";
  auto text = piped ? read_standard_input() : read_text_file(inputs.file, kLargestText);
  if (!text.ok()) return text.status();
  return audit::explain_text(*text, inputs.facts, piped ? "stdin" : inputs.file);
}

std::string explanation_text(const results::Explanation& explanation, bool color, bool all) {
  return report::render_explanation(explanation, {.color = color, .all = all});
}

std::string explanation_markdown(const results::Explanation& explanation) {
  return report::explanation_to_markdown(explanation);
}

}  // namespace liteqat::pipeline
