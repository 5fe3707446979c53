#include "report/audit.h"

#include <algorithm>
#include <map>

#include "base/format.h"
#include "base/text.h"
#include "report/evaluation.h"
#include "report/words.h"
#include "results/verdict.h"

namespace liteqat::report {
namespace {

using results::Finding;
using results::Verdict;

constexpr size_t kFewFindings = 6;

const char* color_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kProblem:
      return "31;1";
    case Verdict::kDoubt:
      return "33;1";
    case Verdict::kClear:
      return "32";
    case Verdict::kSkipped:
      return "2";
  }
  return "0";
}

std::string verdict_text(Verdict verdict, bool color) {
  const std::string word = format("{:<8}", results::verdict_name(verdict));
  return color ? format("\033[{}m{}\033[0m", color_of(verdict), word) : word;
}

std::map<Verdict, size_t> count_verdicts(const results::Audit& audit) {
  std::map<Verdict, size_t> counts;
  for (const Finding& finding : audit.findings) ++counts[finding.verdict];
  return counts;
}

std::string metric_lines(const results::Audit& audit) {
  size_t width = 0;
  for (const results::Metric& metric : audit.metrics) width = std::max(width, metric.id.size());
  std::string text;
  for (const results::Metric& metric : audit.metrics) {
    text += format("{:<{}}  {:>7} of {:<7} {:.4f}  [{:.4f}, {:.4f}]  {}\n", metric.id, width, format_count(metric.correct),
                   format_count(metric.total), metric.value, metric.interval.low, metric.interval.high, metric.arithmetic);
    text += part_lines(metric.directories);
  }
  return text;
}

std::string attribution_lines(const results::Attribution& attribution) {
  std::string text =
      format("\nFrom {} {:.5f} to {} {:.5f}:\n", attribution.from, attribution.from_value, attribution.to, attribution.to_value);
  for (const results::AttributionPart& part : attribution.parts) {
    text += format("  {:+9.5f}  {:<32} {}{}\n", part.value, part.part, part.how, part.noise ? " (no more than chance)" : "");
    if (part.other_order) text += format("             in the other order {:+.5f} ({})\n", *part.other_order, part.other_how);
  }
  return text;
}

std::string finding_lines(const Finding& finding, bool color) {
  std::string text = format("{} {}", verdict_text(finding.verdict, color), finding.check);
  if (!finding.subject.empty()) text += format("  {}", finding.subject);
  text += format("\n         {}\n", finding.summary);
  if (!finding.advice.empty() && finding.verdict != Verdict::kClear) text += format("         {}\n", finding.advice);
  return text;
}

}  // namespace

std::string render_audit(const results::Audit& audit, bool color, bool all) {
  std::string text;
  for (const std::string& note : audit.notes) text += note + "\n";
  if (!audit.notes.empty()) text += "\n";
  text += metric_lines(audit);
  if (!audit.metrics.empty()) text += "\n";
  auto counts = count_verdicts(audit);
  size_t shown = 0;
  for (const Finding& finding : audit.findings) {
    const bool strong = finding.verdict == Verdict::kProblem || finding.verdict == Verdict::kDoubt;
    if (!all && (!strong || shown >= kFewFindings)) break;
    text += finding_lines(finding, color);
    ++shown;
  }
  if (shown == 0) text += "No problem and no doubt.\n";
  if (audit.attribution) text += attribution_lines(*audit.attribution);
  const auto plural = [&](Verdict verdict) { return counts[verdict] == 1 ? "" : "s"; };
  text += format("\n{} problem{}, {} doubt{}, {} clear, {} skipped{}\n", counts[Verdict::kProblem], plural(Verdict::kProblem),
                 counts[Verdict::kDoubt], plural(Verdict::kDoubt), counts[Verdict::kClear], counts[Verdict::kSkipped],
                 all ? "." : "; --all shows every check.");
  return text;
}

std::string audit_to_markdown(const results::Audit& audit) {
  const auto cell = [](std::string text) {
    for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.replace(at, 1, "\\|");
    return text;
  };
  std::string text = "# Audit\n";
  if (!audit.metrics.empty())
    text += "\n| metric | right | total | accuracy | 95 % interval | arithmetic |\n|---|---:|---:|---:|---|---|\n";
  for (const results::Metric& metric : audit.metrics) {
    text += format("| {} | {} | {} | {:.5f} | {:.4f} to {:.4f} | {} |\n", cell(metric.id), metric.correct, metric.total, metric.value,
                   metric.interval.low, metric.interval.high, metric.arithmetic);
  }
  text += "\n| verdict | check | subject | finding |\n|---|---|---|---|\n";
  for (const Finding& finding : audit.findings) {
    const bool advised = finding.verdict != Verdict::kClear && !finding.advice.empty();
    text += format("| {} | `{}` | {} | {}{} |\n", results::verdict_name(finding.verdict), finding.check, cell(finding.subject),
                   cell(finding.summary), advised ? " *" + cell(finding.advice) + "*" : "");
  }
  if (audit.attribution) {
    text += format(
        "\n## From {} ({:.5f}) to {} ({:.5f})\n\n| part | points | 95 % interval | in the other order | measured as |\n"
        "|---|---:|---|---:|---|\n",
        cell(audit.attribution->from), audit.attribution->from_value, cell(audit.attribution->to), audit.attribution->to_value);
    for (const results::AttributionPart& part : audit.attribution->parts) {
      const std::string interval = part.interval ? format("{:+.3f} to {:+.3f}{}", 100 * part.interval->low, 100 * part.interval->high,
                                                          part.noise ? ", no more than chance" : "")
                                                 : "";
      text += format("| {} | {:+.3f} | {} | {} | {}{} |\n", cell(part.part), 100 * part.value, interval,
                     part.other_order ? format("{:+.3f}", 100 * *part.other_order) : "", cell(part.how),
                     part.other_order ? "; other order: " + cell(part.other_how) : "");
    }
  }
  return text;
}

}  // namespace liteqat::report
