// What an audit leaves: its findings, the strongest open and the rest on request, and the gap between two figures in parts.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "base/text.h"
#include "report/sections.h"
#include "report/svg_charts.h"
#include "report/words.h"
#include "results/verdict.h"

namespace liteqat::report {
namespace {

using results::AttributionPart;
using results::Finding;
using results::Verdict;

const char* verdict_words(results::Verdict verdict) {
  switch (verdict) {
    case results::Verdict::kProblem:
      return "Problem";
    case results::Verdict::kDoubt:
      return "Doubt";
    case results::Verdict::kClear:
      return "Clear";
    case results::Verdict::kSkipped:
      return "Skipped";
  }
  return "";
}

void add_finding(HtmlBuilder& html, const Finding& finding) {
  html.open("div", {{"class", format("finding {}", results::verdict_name(finding.verdict))}});
  html.open("p", {{"class", "finding-head"}}).element("span", {{"class", "badge"}}, verdict_words(finding.verdict));
  html.element("code", {}, finding.check);
  if (!finding.subject.empty()) html.element("span", {{"class", "soft"}}, " " + finding.subject);
  html.close("p").element("p", {}, finding.summary);
  if (!finding.advice.empty()) html.element("p", {{"class", "soft"}}, finding.advice);
  const std::vector<std::string> evidence = evidence_words(finding);
  if (!evidence.empty()) {
    html.open("p", {{"class", "evidence"}});
    for (const std::string& item : evidence) html.element("span", {}, item).text(" ");
    html.close("p");
  }
  html.close("div");
}

std::vector<const Finding*> findings_with(const std::vector<Finding>& findings, Verdict verdict) {
  std::vector<const Finding*> found;
  for (const Finding& finding : findings) {
    if (finding.verdict == verdict) found.push_back(&finding);
  }
  return found;
}

void add_folded(HtmlBuilder& html, const std::vector<const Finding*>& findings, const std::string& words) {
  if (findings.empty()) return;
  html.open("details", {}).element("summary", {}, words);
  for (const Finding* finding : findings) add_finding(html, *finding);
  html.close("details");
}

/// Skipped checks are a list of what would be needed, not findings.
void add_skipped(HtmlBuilder& html, const std::vector<const Finding*>& findings) {
  if (findings.empty()) return;
  html.open("details", {}).element("summary", {}, format("{} could not be checked: what would be needed", findings.size()));
  html.open("div", {{"class", "scroll"}}).open("table", {}).open("tbody", {});
  for (const Finding* finding : findings) {
    html.open("tr", {}).open("th", {{"scope", "row"}}).element("code", {}, finding->check).close("th");
    html.element("td", {}, finding->summary).element("td", {}, finding->advice).close("tr");
  }
  html.close("tbody").close("table").close("div").close("details");
}

std::string points(double fraction) {
  return format("{:+.2f}", 100 * fraction);
}

Axis gap_axis(const results::Attribution& attribution) {
  std::vector<double> values = {100 * attribution.from_value, 100 * attribution.to_value};
  double at = attribution.from_value;
  for (const AttributionPart& part : attribution.parts) values.push_back(100 * (at += part.value));
  return make_axis(values, {.floor = 0, .smallest_span = 0.5});
}

void add_waterfall_row(HtmlBuilder& html, const std::string& name, const Axis& axis, const SpanMark& mark, const std::string& figure) {
  html.open("div", {{"class", "row"}}).element("span", {{"class", "row-name"}}, name);
  add_span_track(html, axis, mark);
  html.element("span", {{"class", "row-figure"}}, figure).close("div");
}

void add_waterfall(HtmlBuilder& html, const results::Attribution& attribution) {
  const Axis axis = gap_axis(attribution);
  const auto figure = [](double fraction) { return format("{:.2f} %", 100 * fraction); };
  const auto total = [&](const std::string& name, double value) {
    add_waterfall_row(html, name, axis, {.from = axis.low, .to = 100 * value, .family = "whole", .title = name + " " + figure(value)},
                      figure(value));
  };
  html.open("figure", {{"class", "rows dots"}});
  total(attribution.from, attribution.from_value);
  double at = attribution.from_value;
  for (const AttributionPart& part : attribution.parts) {
    const char* family = part.noise ? "noise" : part.value < 0 ? "down" : "up";
    const std::string title = format("{}: {} points, from {} to {}", part.part, points(part.value), figure(at), figure(at + part.value));
    add_waterfall_row(html, part.part, axis, {.from = 100 * at, .to = 100 * (at + part.value), .family = family, .title = title},
                      points(part.value));
    at += part.value;
  }
  total(attribution.to, attribution.to_value);
  html.open("div", {{"class", "row row-axis"}}).element("span", {}, "");
  add_axis_track(html, axis, " %");
  html.element("span", {}, "").close("div").open("figcaption", {});
  const std::pair<const char*, const char*> keys[] = {
      {"swatch up", "adds"}, {"swatch down", "takes away"}, {"swatch noise", "no more than chance on these images"}};
  for (const auto& [swatch, words] : keys)
    html.open("span", {{"class", "key"}}).element("i", {{"class", swatch}}, "").text(words).close("span");
  html.close("figcaption").close("figure");
}

void add_part_row(HtmlBuilder& html, const AttributionPart& part) {
  html.open("tr", {}).element("th", {{"scope", "row"}}, part.part);
  html.element("td", {{"class", "num"}}, points(part.value));
  html.element("td", {{"class", "num"}},
               part.interval ? points(part.interval->low) + " .. " + points(part.interval->high) + (part.noise ? ", chance" : "") : "");
  html.element("td", {{"class", "num"}}, part.other_order ? points(*part.other_order) : "");
  html.element("td", {{"class", "num"}}, part.other_order ? points(part.value - *part.other_order) : "");
  html.element("td", {}, part.how + (part.other_order ? "; other order: " + part.other_how : "")).close("tr");
}

}  // namespace

void add_finding_list(HtmlBuilder& html, const std::vector<Finding>& findings) {
  html.element("h2", {}, "Findings");
  const auto problems = findings_with(findings, Verdict::kProblem), doubts = findings_with(findings, Verdict::kDoubt);
  const auto clear = findings_with(findings, Verdict::kClear), skipped = findings_with(findings, Verdict::kSkipped);
  html.element("p", {{"class", "note"}},
               format("{} problem{}, {} doubt{}, {} clear, {} could not be checked. The strongest stands first.", problems.size(),
                      problems.size() == 1 ? "" : "s", doubts.size(), doubts.size() == 1 ? "" : "s", clear.size(), skipped.size()));
  constexpr size_t kShown = 4;  // more do not fit a screen
  std::vector<const Finding*> strong = problems, rest;
  strong.insert(strong.end(), doubts.begin(), doubts.end());
  for (size_t i = 0; i < strong.size(); ++i) {
    if (i < kShown)
      add_finding(html, *strong[i]);
    else
      rest.push_back(strong[i]);
  }
  add_folded(html, rest, format("{} more problems and doubts", rest.size()));
  add_folded(html, clear, format("{} clear", clear.size()));
  add_skipped(html, skipped);
}

void add_gap(HtmlBuilder& html, const results::Attribution& attribution) {
  html.element("h2", {}, format("From {} to {}", attribution.from, attribution.to));
  add_waterfall(html, attribution);
  html.open("details", {}).element("summary", {}, "How each part was measured");
  html.open("div", {{"class", "scroll"}}).open("table", {}).open("thead", {}).open("tr", {});
  for (const char* heading : {"part", "points", "95 % interval", "other order", "interaction", "measured as"})
    html.element("th", {{"class", heading == std::string("part") || heading == std::string("measured as") ? "words" : "num"}}, heading);
  html.close("tr").close("thead").open("tbody", {});
  for (const AttributionPart& part : attribution.parts) add_part_row(html, part);
  html.close("tbody").close("table").close("div");
  html.element(
      "p", {{"class", "note"}},
      "One thing is exchanged at a time, from top to bottom, so that the parts add up to the gap. Where the same exchange could be "
      "measured in another order it stands beside; what differs is interaction of the two. Intervals are Tango's for the same "
      "images; chance: the exact McNemar test finds no difference at 0.05.");
  html.close("details");
}

void add_findings(HtmlBuilder& html, const results::Run& run) {
  add_finding_list(html, run.findings);
}

void add_attribution(HtmlBuilder& html, const results::Run& run) {
  add_gap(html, *run.attribution);
}

}  // namespace liteqat::report
