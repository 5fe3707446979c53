#include "report/comparison.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "report/evaluation.h"
#include "results/verdict.h"

namespace liteqat::report {
namespace {

using results::PairComparison;

std::string model_line(const results::ComparedModel& model, int64_t total, size_t width) {
  std::string line = format("{:<{}}  {:>9} of {}  {:.4f}  [{:.4f}, {:.4f}]", model.name, width, format_count(model.correct),
                            format_count(total), model.value, model.interval.low, model.interval.high);
  if (model.interval_exact) {
    line += format(" Wilson  [{:.4f}, {:.4f}] exact", model.interval_exact->low, model.interval_exact->high);
  } else {
    line += " Wilson at the effective number of images";
  }
  if (model.ties > 0) line += format("  {} ties", format_count(model.ties));
  return line + "\n";
}

/// "images needed to show 0.50 points  15,700: you would need 5,700 more".
std::string needed_line(const std::string& words, const std::optional<int64_t>& needed, int64_t there) {
  if (!needed) return "";
  const std::string more = *needed > there ? format(": you would need {} more", format_count(*needed - there)) : ", which there are";
  return format("{}  {}{}\n", words, format_count(*needed), more);
}

std::string paired_lines(const PairComparison& pair, bool several) {
  std::string text = format("both right {}, only {} {}, only {} {}, both wrong {}\n", format_count(pair.both_right), pair.a.name,
                            format_count(pair.only_a), pair.b.name, format_count(pair.only_b), format_count(pair.both_wrong));
  text += format("difference ({} less {})  {:+.4f}  [{:+.4f}, {:+.4f}] {}\n", pair.a.name, pair.b.name, pair.difference,
                 pair.difference_interval.low, pair.difference_interval.high, pair.clusters ? "Student's t on pictures" : "Tango");
  text += pair.clusters ? format("Student's t on {} pictures of {} forms each  p = {:.3g}", format_count(pair.clusters->pictures),
                                 pair.clusters->images_each, pair.clusters->p)
                        : format("McNemar  exact p = {:.3g}, mid-p = {:.3g}", pair.p_exact, pair.p_mid);
  if (several) text += format(", Holm-adjusted p = {:.3g}", pair.p_holm);
  text += format("\nequivalence within {:.2f} points  p = {:.3g}\n", 100 * pair.margin, pair.equivalence_p);
  const int64_t there = pair.clusters ? pair.clusters->pictures : pair.total;
  const char* what = pair.clusters ? "pictures" : "images";
  if (pair.smallest_gap) {
    text += format("smallest gap {} {} show at 80 % power  {:.2f} points\n", format_count(there), what, 100 * *pair.smallest_gap);
  }
  text += needed_line(format("{} needed to show {:.2f} points", what, 100 * pair.gap_asked), pair.images_needed, there);
  text += needed_line("  with images of its own for each model", pair.images_needed_unpaired, there);
  return text;
}

std::string flip_table(const PairComparison& pair) {
  std::string text = format("{:>6}  {:>9}  {:>9}", "class", "images", "changed");
  if (pair.labelled) text += format("  only {}  only {}", pair.a.name, pair.b.name);
  text += "\n";
  for (const results::ClassFlips& flips : pair.flips) {
    text += format("{:>6}  {:>9}  {:>9}", flips.label, format_count(flips.total), format_count(flips.changed));
    if (pair.labelled) {
      text += format("  {:>{}}  {:>{}}", format_count(flips.only_a), pair.a.name.size() + 5, format_count(flips.only_b),
                     pair.b.name.size() + 5);
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::string render_comparison(const results::Comparison& comparison, bool details) {
  std::string text;
  for (const std::string& note : comparison.notes) text += note + "\n";
  for (const results::ModelParts& model : comparison.parts)
    text += model.name + "\n" + part_lines(model.directories) + part_lines(model.copies);
  for (const PairComparison& pair : comparison.pairs) {
    if (!text.empty()) text += "\n";
    const size_t width = std::max(pair.a.name.size(), pair.b.name.size());
    if (pair.labelled) {
      text += model_line(pair.a, pair.total, width) + model_line(pair.b, pair.total, width);
      text += paired_lines(pair, comparison.pairs.size() > 1);
    }
    text += format("agreement ({} and {})  {} of {} images given the same class\n", pair.a.name, pair.b.name, format_count(pair.agreement),
                   format_count(pair.total));
    if (pair.scores) {
      text += format("score difference  mean {:.3g}, root mean square {:.3g}, largest {:.3g}\n", pair.scores->mean,
                     pair.scores->root_mean_square, pair.scores->largest);
    }
    if (details) text += flip_table(pair);
  }
  text += "\n";
  for (const results::Finding& finding : comparison.findings) {
    text += format("{:<8} {:<28} {}: {}\n", results::verdict_name(finding.verdict), finding.check, finding.subject, finding.summary);
    if (finding.verdict != results::Verdict::kClear && !finding.advice.empty()) text += format("{:>9}{}\n", "", finding.advice);
  }
  return text;
}

}  // namespace liteqat::report
