#include "report/explanation.h"

#include <algorithm>
#include <span>

#include "base/format.h"
#include "base/text.h"
#include "results/verdict.h"

namespace liteqat::report {
namespace {

constexpr size_t kFewLines = 6;     // of each kind on one screen
constexpr size_t kFewReadings = 3;  // of one figure on one screen
constexpr size_t kWidth = 100;

struct Paint {
  bool color;
  std::string operator()(const char* code, const std::string& text) const { return color ? format("\033[{}m{}\033[0m", code, text) : text; }
};

const char* verdict_color(results::Verdict verdict) {
  switch (verdict) {
    case results::Verdict::kProblem:
      return "31;1";
    case results::Verdict::kDoubt:
      return "33;1";
    case results::Verdict::kClear:
      return "32";
    case results::Verdict::kSkipped:
      return "2";
  }
  return "0";
}

/// Words broken into lines that start with `indent` spaces; no final newline.
std::string wrap(const std::string& text, size_t indent) {
  std::string out, line;
  const auto flush = [&] {
    out += (out.empty() ? "" : "\n" + std::string(indent, ' ')) + line;
    line.clear();
  };
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!line.empty() && indent + line.size() + 1 + word.size() > kWidth) flush();
    line += (line.empty() ? "" : " ") + word;
    at = end + 1;
  }
  if (!line.empty()) flush();
  return out;
}

const results::Numerators* own_numerators(const results::FigureRecord& figure) {
  for (const auto& [split, numerators] : figure.numerators) {
    if (split == figure.split && numerators) return &*numerators;
  }
  return nullptr;
}

std::string figure_counts(const results::FigureRecord& figure) {
  if (figure.possible == false) return "impossible";
  const results::Numerators* numerators = own_numerators(figure);
  if (!numerators) return "images unknown";
  if (numerators->low == numerators->high) return format("{} of {}", format_count(numerators->low), format_count(numerators->total));
  return format("{} to {} of {}", format_count(numerators->low), format_count(numerators->high), format_count(numerators->total));
}

size_t shown(size_t count, size_t few, bool all) {
  return all ? count : std::min(count, few);
}

std::string rest_line(size_t count, size_t few, bool all, const char* what) {
  return !all && count > few ? format("  ... and {} more {} (--all)\n", count - few, what) : "";
}

std::string facts_text(const results::Explanation& explanation) {
  if (explanation.facts.empty())
    return "No size is known: name the data set (--dataset NAME) or give --test-size, --train-size, --classes.\n";
  std::string text = "Sizes: ";
  for (size_t i = 0; i < explanation.facts.size(); ++i) {
    const results::Fact& fact = explanation.facts[i];
    text += format("{}{} {} ({})", i ? ", " : "", format_count(fact.count), fact.what, fact.source);
  }
  return wrap(text, 2) + "\n";
}

std::string figures_text(const results::Explanation& explanation, bool all) {
  size_t width = 0;
  for (const auto& figure : explanation.figures) width = std::max(width, std::min<size_t>(figure.label.size(), 48));
  std::string text = format("\nFigures ({})\n", explanation.figures.size());
  for (size_t i = 0; i < shown(explanation.figures.size(), kFewLines, all); ++i) {
    const auto& figure = explanation.figures[i];
    text +=
        format("  {:<{}}  {:<20} {:<9} {:<10} {}\n", figure.label, width, figure.printed, figure.form, figure.split, figure_counts(figure));
  }
  return text + rest_line(explanation.figures.size(), kFewLines, all, "figures");
}

std::string weight_text(double weight) {
  constexpr double kShown = 0.005;
  return weight < kShown ? "<.01" : format("{:.2f}", weight);
}

std::string hypothesis_line(const results::Hypothesis& hypothesis, const Paint& paint) {
  std::string implied;
  if (hypothesis.implied_accuracy) implied = format("{:.6g}", *hypothesis.implied_accuracy);
  if (hypothesis.implied_correct && hypothesis.implied_total)
    implied += format(" ({} of {})", format_count(*hypothesis.implied_correct), format_count(*hypothesis.implied_total));
  std::string text = format("    {}  {}", weight_text(hypothesis.weight), paint("1", format("{:<30}", hypothesis.id)));
  text += implied.empty() ? "accuracy not determined\n" : "true accuracy " + implied + "\n";
  text += "          " + wrap(hypothesis.why, 10) + "\n";
  if (!hypothesis.tied_with.empty()) text += format("          arithmetically identical: {}\n", join(hypothesis.tied_with, ", "));
  return text + "          check: " + wrap(hypothesis.how_to_check, 17) + "\n";
}

std::string readings_text(const results::Explanation& explanation, const std::string& subject, const Paint& paint, bool all) {
  std::vector<const results::Hypothesis*> readings;
  double sum = 0;
  for (const auto& hypothesis : explanation.hypotheses) {
    if (hypothesis.subject != subject) continue;
    readings.push_back(&hypothesis);
    sum += hypothesis.weight;
  }
  if (readings.empty()) return "";
  std::string text = "  consistent with, by weight:\n";
  for (size_t i = 0; i < shown(readings.size(), kFewReadings, all); ++i) text += hypothesis_line(*readings[i], paint);
  if (!all && readings.size() > kFewReadings) text += format("    ... and {} more (--all)\n", readings.size() - kFewReadings);
  return text + format("    {:.2f}  as printed, or a cause that is not in the list\n", std::max(0.0, 1 - sum));
}

bool is_reading(const results::Explanation& explanation, const results::Finding& finding) {
  return std::any_of(explanation.hypotheses.begin(), explanation.hypotheses.end(), [&](const results::Hypothesis& hypothesis) {
    return hypothesis.id == finding.check && hypothesis.subject == finding.subject;
  });
}

/// Problems and doubts, each figure once with its readings.
std::string doubts_text(const results::Explanation& explanation, const Paint& paint, bool all) {
  std::string text;
  std::vector<std::string> told;
  for (const auto& finding : explanation.findings) {
    if (finding.verdict != results::Verdict::kProblem && finding.verdict != results::Verdict::kDoubt) continue;
    if (std::find(told.begin(), told.end(), finding.subject) != told.end()) continue;
    if (!all && told.size() == 3) {
      text += "  ... and more (--all)\n";
      break;
    }
    told.push_back(finding.subject);
    const std::string verdict = results::verdict_name(finding.verdict);
    std::string sentence = finding.summary;
    if (is_reading(explanation, finding)) sentence = "possible as printed, but far from the other figures";
    text += format("\n{}  {}\n  {}\n", paint(verdict_color(finding.verdict), verdict), paint("1", finding.subject), wrap(sentence, 2));
    text += readings_text(explanation, finding.subject, paint, all);
  }
  if (!text.empty()) return text;
  const bool some_unknown =
      std::any_of(explanation.figures.begin(), explanation.figures.end(), [](const auto& figure) { return !figure.possible; });
  return "\n" + paint("32", "clear") +
         (some_unknown ? "  no figure of a known number of images is impossible as printed, and none stands apart\n"
                       : "  every figure is possible as printed, and none stands apart\n");
}

std::string comparison_line(const results::FigureComparison& pair) {
  if (pair.difference == 0)
    return format(
        "{} against {}: the same share of right images. That two models were measured, and not one twice, only their answers show.", pair.a,
        pair.b);
  std::string text =
      format("{} against {}: {:+.6g}, z = {:.2f}, p = {:.2g} unpaired: ", pair.a, pair.b, pair.difference, pair.z, pair.p_unpaired);
  constexpr double kAlpha = 0.05;
  text += pair.p_unpaired < kAlpha ? "significant. The figures do not say why: longer training, other images and quantization all can."
                                   : "not significant.";
  if (pair.p_unpaired >= kAlpha) {
    text += pair.significant_below_discordant
                ? format(" On the same images it is, if the two disagree in correctness on at most {} of them.",
                         format_count(*pair.significant_below_discordant))
                : " No paired test on these images can find it either.";
    if (pair.images_needed && pair.images_more) {
      text += format(" Unpaired it takes {} images each to show it at 80 % power: {} more.", format_count(*pair.images_needed),
                     format_count(*pair.images_more));
    }
  }
  return text;
}

std::string comparisons_text(const results::Explanation& explanation, bool all) {
  if (explanation.comparisons.empty()) return "";
  std::string text = "\nDifferences\n";
  for (size_t i = 0; i < shown(explanation.comparisons.size(), kFewLines, all); ++i)
    text += "  " + wrap(comparison_line(explanation.comparisons[i]), 4) + "\n";
  text += rest_line(explanation.comparisons.size(), kFewLines, all, "pairs");
  const auto tested = std::count_if(explanation.comparisons.begin(), explanation.comparisons.end(),
                                    [](const results::FigureComparison& pair) { return pair.difference != 0; });
  if (tested > 1) text += "  Each p is of its pair alone: of twenty pairs without a difference, about one falls below 0.05.\n";
  return text;
}

std::string all_findings_text(const results::Explanation& explanation, const Paint& paint) {
  std::string text = "\nFindings\n";
  for (const auto& finding : explanation.findings)
    text +=
        format("  {}  {}  {}\n      {}\n", paint(verdict_color(finding.verdict), format("{:<7}", results::verdict_name(finding.verdict))),
               finding.check, finding.subject, wrap(finding.summary, 6));
  return text;
}

}  // namespace

std::string render_explanation(const results::Explanation& explanation, const ExplanationStyle& style) {
  const Paint paint{style.color};
  std::string text = facts_text(explanation) + figures_text(explanation, style.all) + doubts_text(explanation, paint, style.all) +
                     comparisons_text(explanation, style.all);
  if (style.all) text += all_findings_text(explanation, paint);
  for (size_t i = 0; i < shown(explanation.notes.size(), 3, style.all); ++i)
    text += (i ? "" : "\n") + wrap("Note: " + explanation.notes[i], 2) + "\n";
  return text;
}

}  // namespace liteqat::report
