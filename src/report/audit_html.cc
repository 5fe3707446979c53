// An audit as a page of its own: the conclusion open, the rest on request, the gap as a waterfall. Self-contained as report.html is; its
// <section> elements can stand in another page with the same style sheet.
#include "base/format.h"
#include "base/text.h"
#include "report/audit.h"
#include "report/html_builder.h"
#include "report/sections.h"
#include "results/verdict.h"

namespace liteqat::report {
namespace {

void open_table(HtmlBuilder& html, std::initializer_list<std::pair<const char*, const char*>> headings) {
  html.open("div", {{"class", "scroll"}}).open("table", {}).open("thead", {}).open("tr", {});
  for (const auto& [kind, heading] : headings) html.element("th", {{"class", kind}}, heading);
  html.close("tr").close("thead").open("tbody", {});
}

void close_table(HtmlBuilder& html) {
  html.close("tbody").close("table").close("div");
}

void add_accuracy_row(HtmlBuilder& html, const std::string& name, const results::MetricPart& part, const std::string& arithmetic) {
  html.open("tr", {}).element("th", {{"scope", "row"}}, name);
  html.element("td", {{"class", "num"}}, format_count(part.correct)).element("td", {{"class", "num"}}, format_count(part.total));
  html.element("td", {{"class", "num"}}, part.total > 0 ? format("{:.2f} %", 100 * part.value) : "");
  html.element("td", {{"class", "num"}},
               part.total > 0 ? format("{:.2f} .. {:.2f}", 100 * part.interval.low, 100 * part.interval.high) : "");
  html.element("td", {}, arithmetic).close("tr");
}

void add_metrics(HtmlBuilder& html, const results::Audit& audit) {
  html.element("h2", {}, "What was measured");
  open_table(html, {{"words", "model and split"},
                    {"num", "right"},
                    {"num", "of"},
                    {"num", "accuracy"},
                    {"num", "95 % interval"},
                    {"words", "arithmetic"}});
  for (const results::Metric& metric : audit.metrics) {
    const results::MetricPart whole = {
        .name = metric.id, .correct = metric.correct, .total = metric.total, .value = metric.value, .interval = metric.interval};
    add_accuracy_row(html, whole.name, whole, metric.arithmetic);
    for (const results::MetricPart& part : metric.directories) add_accuracy_row(html, "in " + part.name, part, metric.arithmetic);
  }
  close_table(html);
}

void add_figures(HtmlBuilder& html, const results::Audit& audit) {
  html.element("h2", {}, "What was claimed");
  open_table(html, {{"words", "figure"}, {"num", "printed"}, {"words", "form"}, {"words", "split"}, {"words", "possible"}});
  for (const results::FigureRecord& figure : audit.figures) {
    html.open("tr", {}).element("th", {{"scope", "row"}}, figure.label).element("td", {{"class", "num"}}, figure.printed);
    html.element("td", {}, figure.form).element("td", {}, figure.split);
    html.element("td", {},
                 !figure.possible   ? "size unknown"
                 : *figure.possible ? "yes"
                                    : "no whole number of images prints it")
        .close("tr");
  }
  close_table(html);
  if (audit.hypotheses.empty()) return;
  html.open("details", {}).element("summary", {}, format("{} readings by the printed digits alone", audit.hypotheses.size()));
  open_table(html, {{"num", "weight"}, {"words", "reading"}, {"words", "figure"}, {"words", "why"}});
  for (const results::Hypothesis& hypothesis : audit.hypotheses) {
    html.open("tr", {}).element("td", {{"class", "num"}}, format("{:.2f}", hypothesis.weight));
    html.open("td", {}).element("code", {}, hypothesis.id).close("td");
    html.element("td", {}, hypothesis.subject).element("td", {}, hypothesis.why).close("tr");
  }
  close_table(html);
  html.close("details");
}

/// One part of the page, if there is something to say.
void add_section(HtmlBuilder& html, const char* id, bool present, void (*add)(HtmlBuilder&, const results::Audit&),
                 const results::Audit& audit) {
  if (!present) return;
  html.open("section", {{"id", id}});
  add(html, audit);
  html.close("section");
}

}  // namespace

std::string audit_to_html(const results::Audit& audit, const std::string& version) {
  HtmlBuilder html;
  html.trusted("<!doctype html>\n").open("html", {{"lang", "en"}});
  add_page_head(html, "audit");
  html.open("body", {}).open("main", {}).open("header", {}).element("h1", {}, "Audit");
  for (const std::string& note : audit.notes) html.element("p", {{"class", "note"}}, note);
  html.close("header");
  const auto findings = [](HtmlBuilder& page, const results::Audit& record) { add_finding_list(page, record.findings); };
  const auto gap = [](HtmlBuilder& page, const results::Audit& record) { add_gap(page, *record.attribution); };
  add_section(html, "findings", !audit.findings.empty(), findings, audit);
  add_section(html, "gap", audit.attribution.has_value(), gap, audit);
  add_section(html, "measured", !audit.metrics.empty(), add_metrics, audit);
  add_section(html, "claimed", !audit.figures.empty(), add_figures, audit);
  html.element("footer", {}, "Written by liteqat " + version + "; the same audit with --json holds every figure above.");
  html.close("main").close("body").close("html").trusted("\n");
  return std::move(html).finish();
}

}  // namespace liteqat::report
