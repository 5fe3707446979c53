#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "base/text.h"
#include "report/report.h"

namespace liteqat::report {
namespace {

using testing::HasSubstr;
using testing::Not;

results::Attribution sample_gap() {
  return {.from = "float",
          .to = "qat_int8",
          .from_value = 0.6,
          .to_value = 0.95,
          .parts = {{.part = "extra training", .how = "float_control less float", .value = 0.1},
                    {.part = "conversion",
                     .how = "qat_int8 less qat",
                     .value = -0.01,
                     .interval = results::Interval{.method = "tango", .low = -0.02, .high = 0.01},
                     .noise = true,
                     .other_order = -0.02,
                     .other_how = "before training"},
                    {.part = "metric", .how = "one-hot", .value = 0.26}}};
}

results::Run sample() {
  results::Run run;
  run.recipe = "mnist_guide";
  run.dataset = "mnist";
  run.environment.version = "0.1.0";
  run.class_names = {"zero", "one"};
  int64_t correct = 9701;
  for (const char* model : {"float", "float_control", "qat", "float32", "ptq_int8", "qat_int8"}) {
    results::Metric metric{.id = std::string(model) + ".test", .model = model, .arithmetic = "litert-reference", .split = "test"};
    metric.correct = correct += 13;
    metric.total = 10000;
    metric.value = static_cast<double>(metric.correct) / 10000;
    metric.interval.low = metric.value - 0.003;
    metric.interval.high = metric.value + 0.003;
    metric.agreement = 9000 + correct % 100;
    metric.agreement_with = "float";
    metric.confusion = {{4871, 129}, {4999 - metric.correct + 4872, metric.correct - 4871}};
    run.metrics.push_back(metric);
    run.models.push_back({.model = model,
                          .path = std::string(model) + ".file",
                          .bytes = 1000 + correct,
                          .sha256 = std::string(64, 'a'),
                          .type = "t",
                          .description = "made by hand"});
  }
  run.data = {{.name = "test", .sha256 = std::string(64, 'b'), .count = 10000}};
  run.stages = {{.name = "float", .seconds = 61.5, .images_per_second = 975.6}};
  results::Curve curve{.stage = "float"};
  for (int32_t epoch = 1; epoch <= 6; ++epoch) {
    curve.points.push_back({.epoch = epoch,
                            .train_loss = 1.0 / epoch,
                            .learning_rate = 0.001,
                            .train_correct = 50 + epoch,
                            .train_total = 60,
                            .validation_loss = 1.1 / epoch,
                            .validation_correct = 5,
                            .validation_total = 6});
  }
  run.curves = {curve};
  run.disagreements = {{.index = 4711,
                        .label = 1,
                        .height = 2,
                        .width = 2,
                        .channels = 1,
                        .pixels = {0, 80, 160, 255},
                        .predictions = {{"float", 1}, {"qat_int8", 0}}}};
  run.attribution = sample_gap();
  run.findings = {{.check = "quant.saturation",
                   .subject = "qat_int8",
                   .summary = "Summary.",
                   .advice = "Advice.",
                   .verdict = results::Verdict::kDoubt,
                   .evidence = {{"channels", 3}}}};
  return run;
}

results::Run hostile() {
  results::Run run = sample();
  const std::string kEvil = "\"'><script>alert(1)</script><!--";
  run.recipe = run.dataset = run.environment.cpu = run.environment.version = kEvil;
  run.class_names = {kEvil, "]]></style>"};
  for (auto& metric : run.metrics) metric.id = metric.arithmetic = metric.interval.method = kEvil;
  run.metrics[0].model = run.metrics[1].split = run.metrics[2].agreement_with = kEvil;
  for (auto& model : run.models) model.path = model.sha256 = model.type = model.description = kEvil;
  run.stages[0].name = run.curves[0].stage = run.data[0].name = run.data[0].sha256 = kEvil;
  run.disagreements[0].predictions[kEvil] = 77;
  run.findings[0] = {
      .check = kEvil, .subject = kEvil, .summary = kEvil, .advice = kEvil, .verdict = results::Verdict::kProblem, .evidence = {{kEvil, 1}}};
  run.attribution->from = run.attribution->parts[0].part = run.attribution->parts[1].other_how = kEvil;
  run.environment.libraries[kEvil] = kEvil;
  return run;
}

/// Empty if every tag is closed in order, quotes are paired and no raw '<' stands in text; else what is wrong, and where.
std::string find_imbalance(const std::string& html) {
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at)) {
    if (html.compare(at, 9, "<!doctype") == 0) {
      ++at;
      continue;
    }
    size_t end = at + 1;
    for (bool quoted = false; end < html.size() && (quoted || html[end] != '>'); ++end) {
      if (html[end] == '"') quoted = !quoted;
      if (html[end] == '<') return "'<' inside a tag: " + html.substr(at, 60);
    }
    if (end >= html.size()) return "unfinished tag: " + html.substr(at, 60);
    const bool closing = html[at + 1] == '/';
    const size_t name_at = at + (closing ? 2 : 1);
    const std::string name = html.substr(name_at, html.find_first_of(" />", name_at) - name_at);
    if (name.empty() || name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ123") != std::string::npos)
      return "no tag name: " + html.substr(at, 60);
    if (closing) {
      if (open.empty() || open.back() != name) return "closes what is not open: " + html.substr(at, 60);
      open.pop_back();
    } else if (html[end - 1] != '/') {
      open.push_back(name);
    }
    at = end;
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

TEST(FindImbalance, Finds) {
  EXPECT_EQ(find_imbalance("<!doctype html><p class=\"a>b\">x<br/></p>"), "");
  for (const char* bad : {"<p>", "</p>", "<p><b></p></b>", "a < b", "<p class=\"x>", "<p <b>"}) EXPECT_NE(find_imbalance(bad), "") << bad;
}

TEST(RenderHtml, IsBalanced) {
  EXPECT_EQ(find_imbalance(render_html(sample())), "");
  EXPECT_EQ(find_imbalance(render_html(hostile())), "");
  EXPECT_EQ(find_imbalance(render_html(results::Run{})), "");
}

TEST(RenderHtml, ShowsEveryFigureWithItsCounts) {
  const results::Run run = sample();
  const std::string html = render_html(run);
  for (const results::Metric& metric : run.metrics) {
    EXPECT_THAT(html, HasSubstr(format("{} / {}", format_count(metric.correct), format_count(metric.total))));
    EXPECT_THAT(html, HasSubstr(format("{:.2f} %", 100 * metric.value)));
    EXPECT_THAT(html, HasSubstr(format("{:.2f} \xe2\x80\x93 {:.2f} %", 100 * metric.interval.low, 100 * metric.interval.high)));
    EXPECT_THAT(html, HasSubstr(format_count(*metric.agreement)));
    EXPECT_THAT(html, HasSubstr(">" + metric.id + "<"));
    EXPECT_THAT(html, HasSubstr(format("{} wrong", metric.total - metric.correct)));
    EXPECT_THAT(html, HasSubstr(format(">{}</text>", metric.confusion[1][1])));
  }
  for (const results::ModelFile& model : run.models) {
    EXPECT_THAT(html, HasSubstr(model.path));
    EXPECT_THAT(html, HasSubstr(format_count(model.bytes) + " bytes"));
  }
  for (const char* part : {"4,871 / 5,000", "image 4711", "data:image/png;base64,iVBORw0KGgo", "quant.saturation", "61.5 s", "976 images/s",
                           "All 6 epochs", "metrics[5]", "51 / 60"}) {
    EXPECT_THAT(html, HasSubstr(part));
  }
}

TEST(RenderHtml, NamesFromTheRecordStayText) {
  const std::string html = render_html(hostile());
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<!--")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)"));
  EXPECT_EQ(html.find("</style>"), html.rfind("</style>"));
}

TEST(RenderHtml, NeedsNothingFromElsewhere) {
  const std::string html = render_html(sample());
  for (const char* part : {"http:", "https:", "url(", "@import", "<script", "src=\"/"}) EXPECT_THAT(html, Not(HasSubstr(part)));
  EXPECT_THAT(html, HasSubstr("content=\"default-src &#39;none&#39;;"));
}

TEST(RenderHtml, SameRecordSameBytes) {
  EXPECT_EQ(render_html(sample()), render_html(sample()));
}

TEST(RenderHtml, LeavesOutWhatTheRecordLacks) {
  const std::string html = render_html(results::Run{});
  EXPECT_THAT(html, HasSubstr("no accuracy yet"));
  for (const char* id : {"accuracy", "training", "confusion", "classes", "images", "files", "stages", "provenance", "findings"}) {
    EXPECT_THAT(html, Not(HasSubstr(format("id=\"{}\"", id))));
    EXPECT_THAT(render_html(sample()), HasSubstr(format("<section id=\"{}\"", id)));
    EXPECT_THAT(render_html(sample()), HasSubstr(format("href=\"#{}\"", id)));
  }
}

void expect_finite_coordinates(const std::string& html) {
  for (const char* part :
       {"=\"nan", "=\"-nan", "=\"inf", "=\"-inf", "Lnan", "Mnan", " nan", "L-nan", " -nan", "Linf", " inf\"", "nan%", "inf%"}) {
    EXPECT_THAT(html, Not(HasSubstr(part)));
  }
}

TEST(RenderHtml, FiguresThatAreNotNumbersBreakNoChart) {
  for (const double odd : {static_cast<double>(NAN), static_cast<double>(INFINITY), -1e308, 1e308, 0.0}) {
    results::Run run = sample();
    run.metrics[0].value = run.metrics[1].interval.low = run.metrics[2].interval.high = odd;
    run.stages[0].seconds = odd;
    run.stages[0].images_per_second = odd;
    for (auto& point : run.curves[0].points) point.train_loss = odd;
    run.curves[0].points[2].validation_loss = odd;
    const std::string html = render_html(run);
    EXPECT_EQ(find_imbalance(html), "");
    expect_finite_coordinates(html);
  }
}

TEST(RenderHtml, CurvesOfEveryLength) {
  for (const int32_t epochs : {0, 1, 2, 3, 9, 100}) {
    results::Run run = sample();
    run.curves = {{.stage = "float"}, {.stage = "qat"}};
    for (int32_t epoch = 1; epoch <= epochs; ++epoch) run.curves[0].points.push_back({.epoch = epoch, .train_loss = 0.5});
    if (epochs > 2) run.curves[1].points = {run.curves[0].points[0], run.curves[0].points[0]};  // one epoch twice: no span
    const std::string html = render_html(run);
    EXPECT_EQ(find_imbalance(html), "") << epochs;
    expect_finite_coordinates(html);
  }
}

TEST(RenderHtml, PartsOfDifferentSizes) {
  results::Run run = sample();
  run.class_names = {};
  run.metrics[1].confusion = {};
  run.metrics[2].confusion.assign(40, std::vector<int64_t>(40, 3));
  run.metrics[3].confusion = {{1, 2, 3}, {4}, {}};
  run.disagreements[0].pixels.pop_back();
  run.disagreements[0].label = 99;
  const std::string html = render_html(run);
  EXPECT_EQ(find_imbalance(html), "");
  EXPECT_THAT(html, HasSubstr("no pixels"));
}

TEST(RenderHtml, TheGapIsAWaterfallWhosePartsEndAtTheFigure) {
  const std::string html = render_html(sample());
  EXPECT_THAT(html, HasSubstr("extra training: +10.00 points, from 60.00 % to 70.00 %"));
  EXPECT_THAT(html, HasSubstr("conversion: -1.00 points, from 70.00 % to 69.00 %"));
  EXPECT_THAT(html, HasSubstr("metric: +26.00 points, from 69.00 % to 95.00 %"));
  EXPECT_THAT(html, HasSubstr("class=\"span noise\""));
  EXPECT_THAT(html, HasSubstr("+1.00"));  // the interaction: -1 less -2
}

TEST(RenderHtml, OnlyTheStrongestFindingsStandOpen) {
  results::Run run = sample();
  run.findings.clear();
  for (int i = 0; i < 6; ++i) run.findings.push_back({.check = "problem.check", .summary = "P", .verdict = results::Verdict::kProblem});
  run.findings.push_back({.check = "clear.check", .summary = "C", .verdict = results::Verdict::kClear});
  run.findings.push_back({.check = "skipped.check", .summary = "Q?", .advice = "Needs D.", .verdict = results::Verdict::kSkipped});
  const std::string html = render_html(run);
  EXPECT_THAT(html, HasSubstr("6 problems, 0 doubts, 1 clear, 1 could not be checked"));
  EXPECT_THAT(html, HasSubstr("<summary>2 more problems and doubts</summary>"));
  EXPECT_THAT(html, HasSubstr("<summary>1 could not be checked: what would be needed</summary>"));
  EXPECT_LT(html.find("problem.check"), html.find("<details>"));
  EXPECT_GT(html.find("clear.check"), html.find("<summary>1 clear</summary>"));
}

}  // namespace
}  // namespace liteqat::report
