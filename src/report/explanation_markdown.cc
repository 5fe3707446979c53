#include "base/format.h"
#include "base/text.h"
#include "report/explanation.h"
#include "results/verdict.h"

namespace liteqat::report {
namespace {

/// Text in a table cell: a bar would end it, a line break the row.
std::string cell(const std::string& text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '|') out += '\\';
    out += letter == '\n' || letter == '\r' ? ' ' : letter;
  }
  return out;
}

std::string number_or_dash(const std::optional<double>& value) {
  return value ? format("{:.6g}", *value) : "-";
}

std::string count_or_dash(const std::optional<int64_t>& value) {
  return value ? format_count(*value) : "-";
}

std::string counts(const results::FigureRecord& figure) {
  std::string text;
  for (const auto& [split, numerators] : figure.numerators) {
    text += text.empty() ? "" : "; ";
    if (!numerators)
      text += split + ": none";
    else if (numerators->low == numerators->high)
      text += format("{}: {} of {}", split, format_count(numerators->low), format_count(numerators->total));
    else
      text += format("{}: {} to {} of {}", split, format_count(numerators->low), format_count(numerators->high),
                     format_count(numerators->total));
  }
  return text.empty() ? "-" : text;
}

}  // namespace

std::string explanation_to_markdown(const results::Explanation& explanation) {
  std::string text =
      "# What these figures can mean\n\n| figure | printed | split | counts that print it | possible |\n|---|---|---|---|---|\n";
  for (const auto& figure : explanation.figures)
    text += format("| {} | {} | {} | {} | {} |\n", cell(figure.label), cell(figure.printed), figure.split, counts(figure),
                   !figure.possible.has_value() ? "unknown"
                   : *figure.possible           ? "yes"
                                                : "**no**");
  if (!explanation.hypotheses.empty()) {
    text +=
        "\n## Consistent with\n\n| figure | reading | weight | implied accuracy | implied count | why | how to check "
        "|\n|---|---|---:|---:|---:|---|---|\n";
    for (const auto& one : explanation.hypotheses)
      text += format("| {} | {}{} | {:.3f} | {} | {} of {} | {} | {} |\n", cell(one.subject), one.id,
                     one.tied_with.empty() ? "" : " (identical: " + join(one.tied_with, ", ") + ")", one.weight,
                     number_or_dash(one.implied_accuracy), count_or_dash(one.implied_correct), count_or_dash(one.implied_total),
                     cell(one.why), cell(one.how_to_check));
  }
  if (!explanation.comparisons.empty()) {
    text +=
        "\n## Differences\n\n| a | b | difference | z | p, unpaired | paired: significant up to discordant | images needed, unpaired "
        "|\n|---|---|---:|---:|---:|---:|---:|\n";
    for (const auto& pair : explanation.comparisons)
      text += format("| {} | {} | {:+.6g} | {:.2f} | {:.3g} | {} | {} |\n", cell(pair.a), cell(pair.b), pair.difference, pair.z,
                     pair.p_unpaired, count_or_dash(pair.significant_below_discordant), count_or_dash(pair.images_needed));
  }
  text += "\n## Findings\n\n| verdict | check | subject | summary |\n|---|---|---|---|\n";
  for (const auto& finding : explanation.findings)
    text += format("| {} | {} | {} | {} |\n", results::verdict_name(finding.verdict), finding.check, cell(finding.subject),
                   cell(finding.summary));
  for (const auto& fact : explanation.facts) text += format("\n{} {}: {}.", format_count(fact.count), fact.what, cell(fact.source));
  for (const auto& note : explanation.notes) text += format("\nNote: {}.", cell(note));
  return text + "\n";
}

}  // namespace liteqat::report
