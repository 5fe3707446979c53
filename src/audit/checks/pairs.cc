#include "audit/checks/pairs.h"

#include <algorithm>

#include "audit/compare/compare.h"
#include "audit/compare/findings.h"
#include "stats/holm.h"

namespace liteqat::audit {

void add_pair_findings_of(const Check& check, const Evidence& evidence, Findings& findings) {
  std::vector<const Answers*> answers;
  std::vector<const Answers*> same_model;  // a run's float model in its formats, which must answer alike
  for (const AuditedModel& subject : evidence.subjects) {
    const Measured* measured = subject.find("test");
    if (measured == nullptr || measured->answers.classed.size() != evidence.labels.size() || evidence.labels.empty()) continue;
    const bool format_of_float = evidence.run && (subject.name == "float" || subject.name == "float32" || subject.name == "float16");
    if (format_of_float) same_model.push_back(&measured->answers);
    if (subject.kind == Kind::kFloat && (answers.empty() || answers[0]->classes == 0)) {
      answers.insert(answers.begin(), &measured->answers);
    } else {
      answers.push_back(&measured->answers);
    }
  }
  const auto is_format = [&](const Answers* one) { return std::find(same_model.begin(), same_model.end(), one) != same_model.end(); };
  std::vector<results::PairComparison> pairs;
  std::vector<bool> formats;
  std::vector<double> p;
  for (size_t i = 1; i < answers.size(); ++i) {
    const std::vector<Answers> two = {*answers[0], *answers[i]};
    const auto comparison = compare(two, evidence.labels, {});
    if (!comparison.ok()) continue;  // answers of another number of classes: nothing to compare
    pairs.push_back(comparison->pairs[0]);
    formats.push_back(is_format(answers[0]) && is_format(answers[i]));
    p.push_back(pairs.back().p_exact);
  }
  const std::vector<double> adjusted = stats::holm_adjusted(p);
  for (size_t i = 0; i < pairs.size(); ++i) {
    pairs[i].p_holm = adjusted[i];
    std::vector<results::Finding> all;
    add_pair_findings(pairs[i], all);
    for (results::Finding& finding : all) {
      if (finding.check != check.id) continue;
      if (finding.check == "report.identical_figures" && formats[i]) finding.verdict = results::Verdict::kClear, finding.advice.clear();
      findings.push_back(std::move(finding));
    }
  }
}

}  // namespace liteqat::audit
