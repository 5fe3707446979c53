// explain's own error rates, by simulation: each mistake is made on simulated right and wrong images (never by inverting a formula), the
// result printed in a usual format among sibling figures, and explain asked. Prints the confusion table of docs/explain.md.
//
// explain_error_rates [--cases N] [--clean N] [--seed N] [--check]
//   --check   exit 1 unless no clean figure is called impossible and every mistake that leaves a trace is among the first three at least 95
//             times in 100, where the digits are not proved to be those of three other readings as well (explain_witness.h)
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "audit/explain/explain.h"
#include "base/format.h"
#include "explain_witness.h"

namespace {

using liteqat::format;
using Random = std::mt19937_64;

double uniform(Random& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

int64_t integer(Random& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

int64_t binomial(Random& random, int64_t n, double p) {
  return std::binomial_distribution<int64_t>(n, std::clamp(p, 0.0, 1.0))(random);
}

template <typename T>
T pick(Random& random, const std::vector<T>& from) {
  return from[static_cast<size_t>(integer(random, 0, static_cast<int64_t>(from.size()) - 1))];
}

double near(Random& random, double accuracy, double logit_deviation) {
  const double logit = std::log(accuracy / (1 - accuracy)) + std::normal_distribution<double>(0, logit_deviation)(random);
  return 1 / (1 + std::exp(-logit));
}

double share(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

/// A test set, a model on it, and what others printed.
struct World {
  int64_t images, train, validation, classes;
  double accuracy;               // the model's true probability of being right
  std::vector<double> siblings;  // of other models, each k/images
  bool balanced = true;
};

World make_world(Random& random) {
  World world;
  world.classes = pick<int64_t>(random, {10, 10, 10, 20, 43, 100, 100, 1000});
  world.images =
      integer(random, 0, 1) ? pick<int64_t>(random, {10000, 10000, 5000, 2000, 50000, 26000, 1000}) : integer(random, 300, 60000);
  world.images = std::max(world.images, 2 * world.classes) / world.classes * world.classes;
  world.train = integer(random, 0, 1) ? 5 * world.images : integer(random, 2, 9) * world.images + integer(random, 0, 500);
  world.validation = world.train / 10;
  world.accuracy = uniform(random, 0.35, 0.99);
  const int64_t count = integer(random, 0, 3);
  for (int64_t i = 0; i < count; ++i)
    world.siblings.push_back(share(binomial(random, world.images, near(random, world.accuracy, 0.15)), world.images));
  return world;
}

std::string shortest(double value) {
  return format("{}", value);
}

/// print(x), float32 widened, "%.4f", "%.2f%%" and what else logs show.
constexpr int64_t kStyles = 8, kPercentOfFour = 7;
std::string print_as(int64_t style, double value) {
  switch (style) {
    case 0:
    case 1:
      return shortest(value);
    case 2:
      return shortest(static_cast<double>(static_cast<float>(value)));
    case 3:
      return format("{:.4f}", value);
    case 4:
      return format("{:.2f}%", 100 * value);
    case 5:
      return format("{:.3f}%", 100 * value);
    case 6:
      return format("{:.6f}", value);
    default:
      return format("{:.4f}%", 100 * value);
  }
}

int64_t pick_style(Random& random) {
  return integer(random, 0, kStyles - 1);
}

/// Whether a log could show `value` so: in one of these ways, or rounded to the places that are shown.
bool could_print(double value, const std::string& text) {
  for (int64_t style = 0; style < kStyles; ++style) {
    if (print_as(style, value) == text) return true;
  }
  const bool is_percent = text.back() == '%';
  const size_t point = text.find('.'), places = point == std::string::npos ? 0 : text.size() - is_percent - point - 1;
  return format("{:.{}f}{}", is_percent ? 100 * value : value, places, is_percent ? "%" : "") == text;
}

constexpr const char* kTestLabel = "int8 test accuracy";

/// A wrong figure: what is printed for the subject, and on which split its label says it is.
struct Made {
  double value = 0;
  std::string label = kTestLabel;
};

using Mistake = std::function<std::optional<Made>(Random&, World&)>;

int64_t batch_size(Random& random) {
  return integer(random, 0, 9) ? pick<int64_t>(random, {32, 32, 64, 64, 128, 128, 256, 16, 100, 512}) : integer(random, 8, 600);
}

std::optional<Made> one_hot(Random& random, World& world) {
  int64_t agreements = 0;
  for (int64_t i = 0; i < world.images; ++i) agreements += uniform(random, 0, 1) < world.accuracy ? world.classes : world.classes - 2;
  return Made{share(agreements, world.images * world.classes)};
}

std::optional<Made> binary_accuracy(Random& random, World& world) {
  const double unsure_right = uniform(random, 0, 0.2), unsure_wrong = uniform(random, 0.2, 0.8);
  int64_t mismatches = 0;
  for (int64_t i = 0; i < world.images; ++i) {
    const bool right = uniform(random, 0, 1) < world.accuracy;
    const bool unsure = uniform(random, 0, 1) < (right ? unsure_right : unsure_wrong);
    mismatches += right ? (unsure ? 1 : 0) : (unsure ? 1 : 2);
  }
  return Made{1 - share(mismatches, world.images * world.classes)};
}

std::optional<Made> broadcast(Random& random, World& world) {
  const bool summed = integer(random, 0, 1) == 0;  // "100000.0000%"
  return Made{summed ? share(world.images, world.classes) : 1 / static_cast<double>(world.classes)};
}

std::optional<Made> constant_output(Random&, World& world) {
  return Made{1 / static_cast<double>(world.classes)};
}

std::optional<Made> partial_batch(Random& random, World& world) {
  const int64_t size = batch_size(random);
  if (size >= world.images || world.images % size == 0) return std::nullopt;
  double sum = 0;
  int64_t batches = 0;
  for (int64_t at = 0; at < world.images; at += size, ++batches) {
    const int64_t length = std::min(size, world.images - at);
    sum += share(binomial(random, length, world.accuracy), length);
  }
  return Made{sum / static_cast<double>(batches)};
}

std::optional<Made> dropped_remainder(Random& random, World& world) {
  const int64_t size = batch_size(random);
  if (size >= world.images || world.images % size == 0) return std::nullopt;
  const int64_t kept = world.images / size * size;
  return Made{share(binomial(random, kept, world.accuracy), kept)};
}

std::optional<Made> denominator(Random& random, World& world) {
  const int64_t size = batch_size(random), batches = (world.images + size - 1) / size;
  if (batches < 2) return std::nullopt;
  std::vector<int64_t> divisors = {batches, world.train, world.validation, world.images + 1, world.images * world.classes};
  if (world.images % size != 0) divisors.push_back(batches * size);
  return Made{share(binomial(random, world.images, world.accuracy), pick(random, divisors))};
}

std::optional<Made> top_k(Random& random, World& world) {
  const double kept = uniform(random, 0.1, 0.5);
  return Made{share(binomial(random, world.images, 1 - (1 - world.accuracy) * kept), world.images)};
}

std::optional<Made> macro_average(Random& random, World& world) {
  world.balanced = false;
  double sum = 0;
  for (int64_t label = 0; label < world.classes; ++label) {
    const int64_t size = std::max<int64_t>(1, static_cast<int64_t>(share(world.images, world.classes) * uniform(random, 0.4, 1.6)));
    sum += share(binomial(random, size, near(random, world.accuracy, 0.5)), size);
  }
  return Made{sum / static_cast<double>(world.classes)};
}

double seen_accuracy(Random& random, const World& world) {
  return world.accuracy + (1 - world.accuracy) * uniform(random, 0.2, 0.98);
}

std::optional<Made> train_split(Random& random, World& world) {
  return Made{share(binomial(random, world.train, seen_accuracy(random, world)), world.train)};
}

std::optional<Made> validation_split(Random& random, World& world) {
  return Made{share(binomial(random, world.validation, near(random, world.accuracy, 0.1)), world.validation)};
}

std::optional<Made> pooled(Random& random, World& world) {
  const int64_t right = binomial(random, world.train, seen_accuracy(random, world)) + binomial(random, world.images, world.accuracy);
  return Made{share(right, world.train + world.images)};
}

std::optional<Made> subset(Random& random, World& world) {
  const int64_t size =
      integer(random, 0, 9) ? pick<int64_t>(random, {100, 500, 1000, 200, 2000, 5000, 50, 128, 256}) : integer(random, 20, 4000);
  if (size >= world.images) return std::nullopt;
  return Made{share(binomial(random, size, world.accuracy), size)};
}

std::optional<Made> averaged_runs(Random& random, World& world) {
  const int64_t runs = pick<int64_t>(random, {3, 5, 5, 10});
  int64_t right = 0;
  for (int64_t run = 0; run < runs; ++run) right += binomial(random, world.images, near(random, world.accuracy, 0.03));
  return Made{share(right, runs * world.images)};
}

std::optional<Made> leak(Random& random, World& world) {
  if (world.siblings.empty()) world.siblings.push_back(share(binomial(random, world.images, world.accuracy), world.images));
  return Made{share(binomial(random, world.validation, seen_accuracy(random, world)), world.validation), "int8 validation accuracy"};
}

const std::vector<std::pair<std::string, Mistake>>& mistakes() {
  static const std::vector<std::pair<std::string, Mistake>> kAll = {{"metric.one_hot_elementwise", one_hot},
                                                                    {"metric.binary_accuracy", binary_accuracy},
                                                                    {"metric.label_shape_broadcast", broadcast},
                                                                    {"quant.constant_output", constant_output},
                                                                    {"metric.percent", {}},
                                                                    {"metric.partial_batch", partial_batch},
                                                                    {"metric.dropped_remainder", dropped_remainder},
                                                                    {"metric.denominator", denominator},
                                                                    {"metric.top_k", top_k},
                                                                    {"metric.macro_average", macro_average},
                                                                    {"split.train", train_split},
                                                                    {"split.validation", validation_split},
                                                                    {"split.pooled", pooled},
                                                                    {"split.subset", subset},
                                                                    {"split.leak", leak},
                                                                    {"report.averaged_runs", averaged_runs}};
  return kAll;
}

/// The text with the subject in front, as a log would have it.
std::string make_text(Random& random, const World& world, const std::string& label, const std::string& printed) {
  std::string text = label + ": " + printed + "\n";
  for (size_t i = 0; i < world.siblings.size(); ++i)
    text += format("model{} test accuracy: {}\n", static_cast<char>('A' + i), print_as(pick_style(random), world.siblings[i]));
  return text;
}

struct Outcome {
  std::string first = "(as printed)";
  int rank = 0;       // of the true id, from 1; 0: not listed
  bool tied = false;  // shown as tied with one of the first three
  bool impossible = false;
  std::vector<std::string> order = {};  // the readings by weight; empty where the figure is not doubted
};

Outcome ask(const World& world, const std::string& text, const std::string& label, const std::string& id) {
  liteqat::audit::StatedFacts facts{"", world.images, world.train, world.validation, world.classes};
  const auto explanation = liteqat::audit::explain_text(text, facts, "simulated");
  Outcome outcome;
  if (!explanation.ok()) return outcome;
  for (const auto& figure : explanation->figures) {
    if (figure.label == label) outcome.impossible = figure.possible == false;
  }
  for (const auto& hypothesis : explanation->hypotheses) {
    if (hypothesis.subject != label) continue;
    outcome.order.push_back(hypothesis.id);
    if (hypothesis.id != id) continue;
    outcome.rank = static_cast<int>(outcome.order.size());
    const auto three = outcome.order.begin() + std::min<ptrdiff_t>(3, std::ssize(outcome.order));
    for (const std::string& other : hypothesis.tied_with) outcome.tied |= std::find(outcome.order.begin(), three, other) != three;
  }
  if (!outcome.order.empty()) outcome.first = outcome.order.front();
  return outcome;
}

struct Tally {
  int cases = 0;
  int untraced = 0;          // not doubted, and a count of right test images prints the same characters
  int first = 0, third = 0;  // of the others
  int identical = 0;         // missed by three readings that print the same characters
  std::map<std::string, int> confusion = {};

  int traced() const { return cases - untraced; }
  int separable() const { return traced() - identical; }
};

/// A percentage multiplied by 100 again, or a fraction with a percent sign.
std::string print_percent_mistake(Random& random, const World& world) {
  const double value = share(binomial(random, world.images, world.accuracy), world.images);
  return integer(random, 0, 1) ? format("{:.{}f}%", value, integer(random, 4, 6))
                               : format("{:.{}f}%", 10000 * value, integer(random, 0, 2));
}

/// Whether three readings that stand before the true one, or "as printed" for a figure that is not doubted, print the same characters.
bool proved_identical(const Outcome& outcome, const liteqat::witness::Facts& facts, const liteqat::witness::Printed& printed) {
  if (outcome.order.empty()) return liteqat::witness::prints_the_same("as printed", facts, printed);
  const auto three = outcome.order.begin() + std::min<ptrdiff_t>(3, std::ssize(outcome.order));
  return std::ssize(outcome.order) >= 3 && std::all_of(outcome.order.begin(), three, [&](const std::string& other) {
           return liteqat::witness::prints_the_same(other, facts, printed);
         });
}

void count_outcome(const Outcome& outcome, const World& world, bool on_validation, const liteqat::witness::Printed& printed, Tally& tally) {
  ++tally.cases;
  ++tally.confusion[outcome.first];
  const bool third = (outcome.rank >= 1 && outcome.rank <= 3) || outcome.tied;
  tally.first += outcome.rank == 1;
  tally.third += third;
  if (third || !printed.could_be) return;
  const int64_t own = on_validation ? world.validation : world.images;
  const liteqat::witness::Facts facts = {own, world.train, world.validation, world.classes};
  if (!proved_identical(outcome, facts, printed)) return;
  (outcome.order.empty() ? tally.untraced : tally.identical) += 1;
}

Tally run_mistake(const std::string& id, const Mistake& mistake, int cases, Random& random) {
  Tally tally;
  while (tally.cases < cases) {
    World world = make_world(random);
    std::string label = kTestLabel;
    liteqat::witness::Printed printed;
    if (mistake) {
      const auto made = mistake(random, world);
      if (!made) continue;
      label = made->label;
      int64_t style = pick_style(random);
      if (made->value > 2 && print_as(style, made->value).back() != '%') style = kPercentOfFour;
      printed = {made->value, print_as(style, made->value), could_print};
    } else {
      printed.text = print_percent_mistake(random, world);
    }
    count_outcome(ask(world, make_text(random, world, label, printed.text), label, id), world, label != kTestLabel, printed, tally);
  }
  return tally;
}

struct Clean {
  int cases = 0, figures = 0, impossible = 0, doubted = 0;
};

Clean run_clean(int cases, Random& random) {
  Clean clean;
  for (; clean.cases < cases; ++clean.cases) {
    const World world = make_world(random);
    const double value = share(binomial(random, world.images, world.accuracy), world.images);
    const std::string label = kTestLabel;
    const Outcome outcome = ask(world, make_text(random, world, label, print_as(pick_style(random), value)), label, "");
    clean.impossible += outcome.impossible;
    clean.doubted += !outcome.order.empty();
  }
  return clean;
}

std::string percent(int part, int whole) {
  return whole == 0 ? "-" : format("{:.1f} %", 100.0 * part / whole);
}

std::string confusion_text(const Tally& tally) {
  std::vector<std::pair<int, std::string>> rows;
  for (const auto& [id, count] : tally.confusion) rows.emplace_back(count, id);
  std::sort(rows.rbegin(), rows.rend());
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(rows.size(), 4); ++i) text += format("{}{} {}", i ? ", " : "", rows[i].second, rows[i].first);
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  int cases = 500, clean_cases = 2000;
  uint64_t seed = 1;
  bool check = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--check") == 0) check = true;
    if (i + 1 >= argc) break;
    if (std::strcmp(argv[i], "--cases") == 0)
      cases = std::atoi(argv[++i]);
    else if (std::strcmp(argv[i], "--clean") == 0)
      clean_cases = std::atoi(argv[++i]);
    else if (std::strcmp(argv[i], "--seed") == 0)
      seed = std::strtoull(argv[++i], nullptr, 10);
  }
  Random random(seed);
  bool good = true;
  std::printf(
      "# explain's error rates\n\nPrinted by `explain_error_rates --cases %d --clean %d --seed %llu`. Each mistake is made on simulated "
      "right and wrong images, with random numbers of images and classes, accuracies, up to three sibling figures and print formats "
      "(tests/tools/explain_error_rates.cc). Two columns are proofs that digits cannot decide, by whole numbers counted forward that a "
      "log shows as the very same characters (tests/tools/explain_witness.cc, which shares no code with explain):\n\n"
      "* **no trace**: the figure is not doubted, and a count of right test images prints the same characters;\n"
      "* **same digits**: each of the three readings put first prints the same characters, so that only priors and the other figures order "
      "them.\n\n\"Among three\" of the traced cases counts neither as found; the last column leaves the proved ones out.\n\n",
      cases, clean_cases, static_cast<unsigned long long>(seed));
  std::printf(
      "| mistake made | cases | no trace | traced: first | traced: among three | same digits | separable: among three | named first |\n"
      "|---|---:|---:|---:|---:|---:|---:|---|\n");
  for (const auto& [id, mistake] : mistakes()) {
    const Tally tally = run_mistake(id, mistake, cases, random);
    std::printf("| %s | %d | %d | %s | %s | %d | %s | %s |\n", id.c_str(), tally.cases, tally.untraced,
                percent(tally.first, tally.traced()).c_str(), percent(tally.third, tally.traced()).c_str(), tally.identical,
                percent(tally.third, tally.separable()).c_str(), confusion_text(tally).c_str());
    good = good && 20 * tally.third >= 19 * tally.separable();
  }
  const Clean clean = run_clean(clean_cases, random);
  std::printf("\n%d clean figures: %d called impossible, %d doubted (%s).\n", clean.cases, clean.impossible, clean.doubted,
              percent(clean.doubted, clean.cases).c_str());
  good = good && clean.impossible == 0 && 100 * clean.doubted <= clean.cases;
  return check && !good ? 1 : 0;
}
