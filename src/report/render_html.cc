#include <array>

#include "report/html_builder.h"
#include "report/report.h"
#include "report/sections.h"
#include "report/style_sheet.h"

namespace liteqat::report {
namespace {

struct Section {
  const char* id;
  const char* name;  // in the contents line
  bool (*present)(const results::Run&);
  void (*add)(HtmlBuilder&, const results::Run&);
};

bool has_confusion(const results::Run& run) {
  return !confusion_metrics(run).empty();
}
bool has_curves(const results::Run& run) {
  for (const results::Curve& curve : run.curves) {
    if (!curve.points.empty()) return true;
  }
  return false;
}

const std::array<Section, 11> kSections = {{
    {"findings", "Findings", [](const results::Run& run) { return !run.findings.empty(); }, add_findings},
    {"gap", "Gap", [](const results::Run& run) { return run.attribution.has_value(); }, add_attribution},
    {"accuracy", "Accuracy", [](const results::Run& run) { return !run.metrics.empty(); }, add_accuracy},
    {"training", "Training", has_curves, add_training},
    {"confusion", "Confusion", has_confusion, add_confusions},
    {"classes", "Classes", has_confusion, add_classes},
    {"images", "Images", [](const results::Run& run) { return !run.disagreements.empty(); }, add_disagreements},
    {"files", "Files", [](const results::Run& run) { return !run.models.empty(); }, add_files},
    {"stages", "Stages", [](const results::Run& run) { return !run.stages.empty(); }, add_stages},
    {"provenance", "Provenance", [](const results::Run& run) { return !run.metrics.empty(); }, add_provenance},
    {"environment", "Environment", [](const results::Run&) { return true; }, add_environment},
}};

void add_contents(HtmlBuilder& html, const results::Run& run) {
  html.open("nav", {{"aria-label", "Contents"}});
  for (const Section& section : kSections) {
    if (section.present(run)) html.element("a", {{"href", std::string("#") + section.id}}, section.name).text(" ");
  }
  html.close("nav");
}

}  // namespace

void add_page_head(HtmlBuilder& html, const std::string& title) {
  html.open("head", {}).single("meta", {{"charset", "utf-8"}});
  html.single("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  html.single("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  // Nothing from elsewhere, and the browser holds us to it.
  html.single("meta",
              {{"http-equiv", "Content-Security-Policy"}, {"content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}});
  html.single("link", {{"rel", "icon"}, {"href", "data:,"}});
  html.element("title", {}, title + " \xc2\xb7 liteqat");
  html.open("style", {}).trusted(style_sheet()).close("style").close("head");
}

std::string render_html(const results::Run& run) {
  HtmlBuilder html;
  html.trusted("<!doctype html>\n").open("html", {{"lang", "en"}});
  add_page_head(html, run.recipe.empty() ? "run" : run.recipe);
  html.open("body", {}).open("main", {}).open("header", {});
  add_masthead(html, run);
  html.close("header");
  add_contents(html, run);
  for (const Section& section : kSections) {
    if (!section.present(run)) continue;
    html.open("section", {{"id", section.id}});
    section.add(html, run);
    html.close("section");
  }
  html.open("footer", {})
      .text("Written by liteqat ")
      .text(run.environment.version)
      .text(" from run.json, which holds every figure above.")
      .close("footer");
  html.close("main").close("body").close("html").trusted("\n");
  return std::move(html).finish();
}

}  // namespace liteqat::report
