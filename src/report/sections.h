// The parts of the report, one function each; render_html puts them in order. Each writes the inside of its <section> and relies on
// its record being there (render_html leaves out what a record does not have).
#pragma once

#include "report/html_builder.h"
#include "results/records.h"

namespace liteqat::report {

void add_masthead(HtmlBuilder& html, const results::Run& run);
void add_findings(HtmlBuilder& html, const results::Run& run);
void add_attribution(HtmlBuilder& html, const results::Run& run);
void add_accuracy(HtmlBuilder& html, const results::Run& run);
void add_training(HtmlBuilder& html, const results::Run& run);
void add_confusions(HtmlBuilder& html, const results::Run& run);
void add_classes(HtmlBuilder& html, const results::Run& run);
void add_disagreements(HtmlBuilder& html, const results::Run& run);
void add_files(HtmlBuilder& html, const results::Run& run);
void add_stages(HtmlBuilder& html, const results::Run& run);
void add_provenance(HtmlBuilder& html, const results::Run& run);
void add_environment(HtmlBuilder& html, const results::Run& run);

/// The parts that a run's report and an audit's share.
void add_finding_list(HtmlBuilder& html, const std::vector<results::Finding>& findings);
void add_gap(HtmlBuilder& html, const results::Attribution& attribution);

/// <head> of a page that needs nothing from elsewhere.
void add_page_head(HtmlBuilder& html, const std::string& title);

/// Metrics of the first split that has any, with a confusion matrix, in the order of models.
std::vector<const results::Metric*> confusion_metrics(const results::Run& run);

}  // namespace liteqat::report
