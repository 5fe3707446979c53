#include "audit/explain/findings.h"

#include <cmath>

#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

using results::Finding;
using results::Verdict;

std::string neighbours(const Figure& figure, int64_t total) {
  const auto below = static_cast<int64_t>(std::floor(figure.value * static_cast<double>(total)));
  const auto fraction = [&](int64_t count) { return static_cast<double>(count) / static_cast<double>(total); };
  return format("{} right images are {:.8g}, {} are {:.8g}", format_count(below), fraction(below), format_count(below + 1),
                fraction(below + 1));
}

Finding outside_finding(const Figure& figure) {
  return {"granularity.impossible",
          figure.label,
          format("{} is no accuracy: {:.6g} is {}", figure.printed, figure.value, figure.value < 0 ? "below 0" : "above 1"),
          "print the count of right images and the number of images beside the figure",
          Verdict::kProblem,
          {{"claimed", figure.value}}};
}

std::string count_sentence(const Figure& figure, int64_t total, CountRange counts) {
  if (counts.low == counts.high) return format("{} is {} of {} images", figure.printed, format_count(counts.low), format_count(total));
  return format("{} is {} to {} of {} images", figure.printed, format_count(counts.low), format_count(counts.high), format_count(total));
}

}  // namespace

Finding granularity_finding(const Figure& figure, std::optional<int64_t> total, std::optional<CountRange> counts) {
  if (figure.value < 0 || figure.value > 1 || !total) return outside_finding(figure);
  Finding finding;
  finding.check = "granularity.impossible";
  finding.subject = figure.label;
  finding.evidence = {{"claimed", figure.value}, {"total", static_cast<double>(*total)}};
  if (counts) {
    finding.summary = count_sentence(figure, *total, *counts);
    finding.evidence["low"] = static_cast<double>(counts->low);
    finding.evidence["high"] = static_cast<double>(counts->high);
    return finding;
  }
  finding.verdict = figure.split == "test" ? Verdict::kProblem : Verdict::kDoubt;
  finding.summary = format("{} cannot be an accuracy over {} {} images, whatever the model: {}", figure.printed, format_count(*total),
                           figure.split == "train" ? "training" : figure.split, neighbours(figure, *total));
  finding.advice = figure.split == "test" ? "find out over what the figure was averaged: print the two numbers that were divided"
                                          : "give the size of the split (--train-size, --validation-size) if it is not the public one";
  return finding;
}

Finding reading_finding(const Figure& figure, const std::vector<results::Hypothesis>& hypotheses, double as_printed) {
  const results::Hypothesis& first = hypotheses.front();
  Finding finding;
  finding.check = first.id;
  finding.subject = figure.label;
  finding.advice = first.how_to_check;
  finding.verdict = Verdict::kDoubt;
  finding.summary = format("{} is consistent with {} (weight {:.2f}): {}", figure.printed, first.id, first.weight, first.why);
  if (!first.tied_with.empty()) finding.summary += format("; arithmetically identical: {}", join(first.tied_with, ", "));
  finding.evidence = {{"claimed", figure.value}, {"weight", first.weight}, {"as_printed", as_printed}};
  if (first.implied_accuracy) finding.evidence["implied_accuracy"] = *first.implied_accuracy;
  if (first.implied_correct) finding.evidence["implied_correct"] = static_cast<double>(*first.implied_correct);
  if (first.implied_total) finding.evidence["implied_total"] = static_cast<double>(*first.implied_total);
  return finding;
}

Finding noise_finding(const results::FigureComparison& comparison) {
  Finding finding;
  finding.check = "noise.within_sampling_error";
  finding.subject = comparison.a + " / " + comparison.b;
  finding.summary = format("a difference of {:+.6g} is within sampling error, unpaired: z = {:.2f}, p = {:.2f}", comparison.difference,
                           comparison.z, comparison.p_unpaired);
  finding.advice =
      comparison.significant_below_discordant
          ? format("keep the predictions: paired, it is significant only if the two disagree in correctness on at most {} images",
                   format_count(*comparison.significant_below_discordant))
          : "no paired test on these images can find a difference this small";
  finding.evidence = {{"difference", comparison.difference}, {"z", comparison.z}, {"p_unpaired", comparison.p_unpaired}};
  if (comparison.images_needed) finding.evidence["images_needed"] = static_cast<double>(*comparison.images_needed);
  return finding;
}

}  // namespace liteqat::audit
