#include "audit/explain/explain.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "audit/explain/compare_figures.h"
#include "audit/explain/data_sets.h"
#include "audit/explain/findings.h"
#include "audit/explain/granularity.h"
#include "audit/explain/model.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

constexpr size_t kMostSubjects = 200;  // figures weighed against each other
constexpr size_t kMostSiblings = 64;
constexpr double kOutlying = 2.0 / 3;  // of a possible figure: the odds of "as printed" have halved from the prior's 4 to 1

struct Item {
  const Figure* figure;
  std::optional<int64_t> total;      // images behind it
  std::optional<CountRange> counts;  // on its own split
  std::optional<bool> possible;
};

Item make_item(const Figure& figure, const Facts& facts) {
  Item item{&figure, images_behind(figure, facts), {}, {}};
  const bool inside = figure.value >= 0 && figure.value <= 1;
  if (!inside) item.possible = false;
  if (figure.class_average || !item.total) return item;
  item.counts = numerators(figure, *item.total);
  item.possible = inside && item.counts.has_value();
  return item;
}

results::FigureRecord make_record(const Item& item, const Facts& facts) {
  const Figure& figure = *item.figure;
  results::FigureRecord record{figure.label, figure.printed, form_name(figure.form), figure.split, figure.line, figure.value,
                               {},           item.possible};
  for (const char* split : {"test", "train", "validation"}) {
    const auto total = figure.split == split ? item.total : facts.size_of(split);
    if (!total) continue;
    const auto counts = figure.class_average ? std::nullopt : numerators(figure, *total);
    record.numerators.emplace_back(split, counts ? std::optional(results::Numerators{*total, counts->low, counts->high}) : std::nullopt);
  }
  return record;
}

/// The figures that stand for their series: of a quantity printed every epoch, the last.
std::vector<const Item*> find_representatives(const std::vector<Item>& items) {
  std::map<std::tuple<std::string, std::string, int32_t>, size_t> last;
  for (size_t i = 0; i < items.size(); ++i) last[{items[i].figure->series, items[i].figure->split, items[i].figure->top_k}] = i;
  std::vector<size_t> order;
  for (const auto& [key, index] : last) order.push_back(index);
  std::sort(order.begin(), order.end());
  std::vector<const Item*> representatives;
  for (const size_t index : order) representatives.push_back(&items[index]);
  return representatives;
}

/// Figures of `split` that can be what they say, other than the subject.
std::vector<double> sibling_values(const Item& subject, const std::vector<const Item*>& items, const std::string& split) {
  std::vector<double> values;
  for (const Item* item : items) {
    const Figure& figure = *item->figure;
    const bool usable = item->possible.value_or(figure.value >= 0 && figure.value <= 1) && !figure.class_average;
    if (item == &subject || !usable || figure.split != split || figure.top_k != subject.figure->top_k) continue;
    values.push_back(figure.value);
    if (values.size() == kMostSiblings) break;
  }
  return values;
}

/// The whole explanation in the making.
class Explainer {
 public:
  Explainer(const FigureText& text, Facts facts) : facts_(std::move(facts)) {
    for (const Figure& figure : text.figures) items_.push_back(make_item(figure, facts_));
    representatives_ = find_representatives(items_);
    result_.facts = facts_.sources;
    add_sizes_beside_figures();
    result_.notes = text.notes;
    result_.notes.insert(result_.notes.end(), facts_.notes.begin(), facts_.notes.end());
  }

  results::Explanation run() {
    for (const Item& item : items_) result_.figures.push_back(make_record(item, facts_));
    limit_representatives();
    add_granularity_findings();
    weigh_all();
    compare();
    order();
    return std::move(result_);
  }

 private:
  void add_sizes_beside_figures();
  void limit_representatives();
  void add_granularity_findings();
  Weighed weigh(const Item& item, const std::vector<const Item*>& others) const;
  void weigh_all();
  void compare();
  void order();

  Facts facts_;
  std::vector<Item> items_;
  std::vector<const Item*> representatives_;
  results::Explanation result_;
};

/// Sizes that hold for one figure only are said too, the first few.
void Explainer::add_sizes_beside_figures() {
  constexpr size_t kMost = 5;
  size_t added = 0;
  for (const Item& item : items_) {
    const Figure& figure = *item.figure;
    if (figure.total > 0 || figure.stated_total == 0 || item.total != figure.stated_total || facts_.size_of(figure.split) == item.total)
      continue;
    if (++added > kMost) break;
    result_.facts.push_back({figure.split, format("line {}: beside {}", figure.line, figure.label), figure.stated_total});
  }
}

/// Impossible figures stay in front, so that a long log does not hide them.
void Explainer::limit_representatives() {
  if (representatives_.size() <= kMostSubjects) return;
  result_.notes.push_back(format("{} figures: {} of them were weighed, impossible ones first",
                                 format_count(static_cast<int64_t>(representatives_.size())), kMostSubjects));
  std::stable_partition(representatives_.begin(), representatives_.end(), [](const Item* item) { return item->possible == false; });
  representatives_.resize(kMostSubjects);
  std::sort(representatives_.begin(), representatives_.end());
}

void Explainer::add_granularity_findings() {
  for (const Item* item : representatives_) {
    if (item->possible.has_value()) result_.findings.push_back(granularity_finding(*item->figure, item->total, item->counts));
  }
}

Weighed Explainer::weigh(const Item& item, const std::vector<const Item*>& others) const {
  Subject subject{.figure = item.figure, .size = item.total, .facts = &facts_};
  subject.siblings = sibling_values(item, others, item.figure->split);
  if (item.figure->split != "test") subject.test_siblings = sibling_values(item, others, "test");
  return weigh_readings(subject);
}

/// Two figures far apart make each other look odd. Each is weighed among all; a doubted one then once more, without the figures that are
/// odder than itself, so that one collapsed figure does not throw doubt on its neighbours.
void Explainer::weigh_all() {
  std::vector<Weighed> weighed;
  for (const Item* item : representatives_) weighed.push_back(weigh(*item, representatives_));
  for (size_t i = 0; i < representatives_.size(); ++i) {
    const Item& item = *representatives_[i];
    const bool impossible = item.possible == false;
    // A training accuracy moves from epoch to epoch: one that stands apart is a curve, not a mistake.
    if (!impossible && (weighed[i].as_printed >= kOutlying || (item.possible == true && item.figure->split == "train"))) continue;
    std::vector<const Item*> others;
    for (size_t j = 0; j < representatives_.size(); ++j) {
      if (weighed[j].as_printed >= std::min(weighed[i].as_printed, kOutlying)) others.push_back(representatives_[j]);
    }
    const Weighed again = weigh(item, others);
    if (again.hypotheses.empty() || (!impossible && again.as_printed >= kOutlying)) continue;
    result_.findings.push_back(reading_finding(*item.figure, again.hypotheses, again.as_printed));
    result_.hypotheses.insert(result_.hypotheses.end(), again.hypotheses.begin(), again.hypotheses.end());
  }
}

void Explainer::compare() {
  std::vector<Comparable> figures;
  for (const Item* item : representatives_) {
    if (item->possible == true && item->counts) figures.push_back({item->figure, *item->total, *item->counts});
  }
  result_.comparisons = compare_figures(figures, result_.notes);
  for (const auto& comparison : result_.comparisons) {
    if (comparison.p_unpaired >= kAlpha) result_.findings.push_back(noise_finding(comparison));
  }
}

void Explainer::order() {
  const auto rank = [](const results::Finding& finding) { return static_cast<int>(finding.verdict); };
  std::stable_sort(result_.findings.begin(), result_.findings.end(),
                   [&](const results::Finding& a, const results::Finding& b) { return rank(a) < rank(b); });
  std::stable_sort(result_.hypotheses.begin(), result_.hypotheses.end(),
                   [](const results::Hypothesis& a, const results::Hypothesis& b) { return a.weight > b.weight; });
}

}  // namespace

std::optional<int64_t> images_behind(const Figure& figure, const Facts& facts) {
  if (figure.total > 0) return figure.total;
  if (figure.split == "test" && facts.test_from_flag) return facts.test;
  if (figure.stated_total > 0) return figure.stated_total;
  return facts.size_of(figure.split);
}

Result<results::Explanation> explain_text(std::string_view text, const StatedFacts& stated, const std::string& name) {
  const FigureText figures = read_figures(text);
  LITEQAT_ASSIGN_OR_RETURN(Facts facts, resolve_facts(stated, figures));
  if (figures.figures.empty()) {
    const std::string seen = figures.notes.empty() ? "" : "; " + figures.notes.front();
    return error(
        Code::kNotFound,
        "{}: no accuracy among {} lines{}; expected something like 'test accuracy: 0.9815', '98.15 % accuracy', '9815/10000 correct' or "
        "'float 0.9815, int8 0.9791'",
        name, format_count(figures.lines), seen);
  }
  if (stated.dataset.empty() && !facts.test) {
    const std::set<std::string> named = data_sets_named_in(text);
    if (named.size() == 1)
      facts.notes.push_back(
          format("the text names {0}: if its test images are those measured on, --dataset {0} says how many they are", *named.begin()));
  }
  return Explainer(figures, std::move(facts)).run();
}

}  // namespace liteqat::audit
