#include "audit/compare/findings.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "base/text.h"
#include "stats/comparisons.h"

namespace liteqat::audit {
namespace {

using results::Finding;
using results::PairComparison;
using results::Verdict;

std::string points(double fraction) {
  return format("{:.2f} points", 100 * fraction);
}

std::string subject(const PairComparison& pair) {
  return pair.a.name + " against " + pair.b.name;
}

/// What is independent in a comparison: images, or the pictures that copies are of.
struct Reach {
  int64_t there = 0;
  const char* what = "images";
};
Reach reach_of(const PairComparison& pair) {
  return pair.clusters ? Reach{pair.clusters->pictures, "pictures"} : Reach{pair.total};
}

/// What a gap within noise would take to be seen. Empty where the gap is 0 or no number is known.
std::string images_wanted(const PairComparison& pair, Finding& finding) {
  const Reach reach = reach_of(pair);
  if (!pair.images_needed || *pair.images_needed <= reach.there) return "";
  finding.evidence["images_needed"] = static_cast<double>(*pair.images_needed);
  std::string text = format(" To show a gap of {} you would need {} more {}{} that both answer ({} in all)", points(pair.gap_asked),
                            format_count(*pair.images_needed - reach.there), reach.what, pair.clusters ? " with as many copies" : "",
                            format_count(*pair.images_needed));
  if (pair.images_needed_unpaired && *pair.images_needed_unpaired > reach.there) {
    finding.evidence["images_needed_unpaired"] = static_cast<double>(*pair.images_needed_unpaired);
    text += format(", or {} more for each on images of its own", format_count(*pair.images_needed_unpaired - reach.there));
  }
  return text + " (80 % power, two-sided 0.05).";
}

Finding sampling_error(const PairComparison& pair) {
  Finding finding = {.check = "noise.within_sampling_error", .subject = subject(pair)};
  finding.evidence = {{"only_a", static_cast<double>(pair.only_a)}, {"only_b", static_cast<double>(pair.only_b)}, {"p", pair.p_holm}};
  const std::string test =
      pair.clusters ? format("Student's t on {} pictures, whose copies are no independent images,", format_count(pair.clusters->pictures))
                    : "exact McNemar";
  const int64_t net = std::abs(pair.only_a - pair.only_b);
  // A real gap is a fact, not a fault: what doubts it is noise.equivalent, where it matters.
  const bool within = pair.p_holm >= kSignificant;
  finding.evidence["within"] = within ? 1 : 0;
  finding.summary =
      format("{} images net ({}) are {} when {} images change sides: {} p = {:.2g}.", format_count(net), points(std::fabs(pair.difference)),
             within ? "what chance does" : "more than chance moves", format_count(pair.only_a + pair.only_b), test, pair.p_holm);
  if (within) finding.summary += images_wanted(pair, finding);
  if (!within)
    finding.advice = "The gap is real on these images; ask what else differs between the two models than what you mean to compare.";
  return finding;
}

Finding equivalent(const PairComparison& pair) {
  Finding finding = {.check = "noise.equivalent", .subject = subject(pair)};
  finding.evidence = {{"margin", pair.margin}, {"p", pair.equivalence_p}};
  const bool shown = pair.equivalence_p < kSignificant, real = pair.p_holm < kSignificant;
  finding.verdict = shown ? Verdict::kClear : Verdict::kDoubt;
  finding.summary = format("The two are {} within {} (TOST p = {:.2g}).", shown ? "equivalent" : "not shown to be equivalent",
                           points(pair.margin), pair.equivalence_p);
  if (!shown) {
    finding.advice = real ? "The gap is real and may be larger than the margin; see noise.within_sampling_error for its size."
                          : "Neither a difference nor equivalence is shown; see noise.underpowered.";
  }
  return finding;
}

Finding underpowered(const PairComparison& pair) {
  Finding finding = {.check = "noise.underpowered", .subject = subject(pair)};
  finding.evidence = {{"discordance", pair.discordance}, {"gap", pair.gap_asked}};
  const Reach reach = reach_of(pair);
  const std::string there = format("{} {}", format_count(reach.there), reach.what);
  const std::string sees = pair.smallest_gap
                               ? format("{} show gaps from {} on (80 % power, two-sided 0.05, {:.2f} % discordant)", there,
                                        points(*pair.smallest_gap), 100 * pair.discordance)
                               : format("{} with {:.2f} % discordant can show no gap at 80 % power", there, 100 * pair.discordance);
  const bool decided = pair.p_holm < kSignificant || pair.equivalence_p < kSignificant;
  finding.verdict = decided ? Verdict::kClear : Verdict::kDoubt;
  finding.summary = sees + ".";
  if (pair.images_needed && *pair.images_needed > reach.there) {
    finding.advice = format("A gap of {} needs about {} {}, {} more than there are.", points(pair.gap_asked),
                            format_count(*pair.images_needed), reach.what, format_count(*pair.images_needed - reach.there));
  } else if (!decided) {
    finding.advice = "More test images, or a wider margin, would be needed to decide.";
  }
  return finding;
}

/// Does one class lose what the others do not? Exact McNemar within each class, Bonferroni over the classes.
Finding flips_by_class(const PairComparison& pair) {
  Finding finding = {.check = "quant.flips_by_class", .subject = subject(pair)};
  double smallest = 1;
  const results::ClassFlips* worst = nullptr;
  for (const results::ClassFlips& flips : pair.flips) {
    const double p = std::min(1.0, static_cast<double>(pair.flips.size()) * stats::mcnemar_exact_p(flips.only_a, flips.only_b));
    if (p < smallest || worst == nullptr) smallest = p, worst = &flips;
  }
  finding.evidence = {{"class", static_cast<double>(worst->label)},
                      {"only_a", static_cast<double>(worst->only_a)},
                      {"only_b", static_cast<double>(worst->only_b)},
                      {"p", smallest}};
  finding.verdict = smallest < kSignificant ? Verdict::kDoubt : Verdict::kClear;
  finding.summary = format("Class {} changes sides most one-sidedly: {} right only in {}, {} only in {} (p = {:.2g} over {} classes).",
                           worst->label, worst->only_a, pair.a.name, worst->only_b, pair.b.name, smallest, pair.flips.size());
  if (finding.verdict == Verdict::kDoubt) finding.advice = "Look at this class by itself: an average hides it.";
  return finding;
}

/// Two models may well agree on every image of a small set; that every score is the same happens to one model alone.
Finding identical(const PairComparison& pair) {
  const bool same = pair.agreement == pair.total;
  const bool same_scores = same && pair.scores && pair.scores->largest == 0;
  const bool deployed = is_deployment(pair.a.name, pair.b.name);
  const bool suspicious = !deployed && (pair.scores ? same_scores : same);
  Finding finding = {.check = "report.identical_figures", .subject = subject(pair)};
  finding.evidence = {{"agreement", static_cast<double>(pair.agreement)}, {"total", static_cast<double>(pair.total)}};
  finding.verdict = suspicious ? Verdict::kDoubt : Verdict::kClear;
  finding.summary = same_scores ? "Every score of the two is identical."
                    : same      ? std::string("The two give every image the same class") + (pair.scores ? ", with other scores." : ".")
                           : format("They give {} of {} images the same class.", format_count(pair.agreement), format_count(pair.total));
  if (same && deployed) finding.summary += " One is the integer form of the other, and this is what deployment should give.";
  if (suspicious) finding.advice = "Two different models seldom agree on everything: make sure that it is not one file or one model twice.";
  return finding;
}

}  // namespace

bool is_deployment(const std::string& a, const std::string& b) {
  const std::string &shorter = a.size() < b.size() ? a : b, &longer = a.size() < b.size() ? b : a;
  return shorter.ends_with("qat") && longer == shorter + "_int8";
}

void add_pair_findings(const PairComparison& pair, std::vector<Finding>& findings) {
  if (pair.labelled) {
    findings.push_back(sampling_error(pair));
    findings.push_back(equivalent(pair));
    findings.push_back(underpowered(pair));
    if (!pair.clusters) findings.push_back(flips_by_class(pair));
  }
  findings.push_back(identical(pair));
}

}  // namespace liteqat::audit
