#include <algorithm>
#include <set>

#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr double kElsewhere = 0.5, kAtHome = 0.1;

/// [label][answer], answers beyond the labels' classes left out.
std::vector<std::vector<int64_t>> confusion(const Evidence& evidence, const Answers& answers) {
  const auto classes = static_cast<size_t>(evidence.classes);
  std::vector<std::vector<int64_t>> counts(classes, std::vector<int64_t>(classes));
  for (size_t i = 0; i < evidence.labels.size(); ++i) {
    const auto answer = static_cast<size_t>(answers.classed[i]);
    if (answer < classes) ++counts[static_cast<size_t>(evidence.labels[i])][answer];
  }
  return counts;
}

/// Classes that are answered as one other class, each as a different one: [label, answer, label, answer, ...]. As themselves they are
/// answered on at most `at_home` of their images, or half as often as as the other.
std::vector<int64_t> moved_classes(const std::vector<std::vector<int64_t>>& counts, double at_home) {
  std::vector<int64_t> moved;
  std::vector<bool> taken(counts.size());
  for (size_t label = 0; label < counts.size(); ++label) {
    const auto largest = std::max_element(counts[label].begin(), counts[label].end());
    int64_t total = 0;
    for (const int64_t count : counts[label]) total += count;
    const auto target = static_cast<size_t>(largest - counts[label].begin());
    const auto images = static_cast<double>(total);
    if (total < 20 || static_cast<double>(*largest) < kElsewhere * images) continue;
    const auto own = static_cast<double>(counts[label][label]);
    if (own > at_home * images || 2 * own > static_cast<double>(*largest)) continue;
    if (taken[target]) return {};  // two classes answered as the same one: a weak model, no exchange
    taken[target] = true;
    moved.push_back(static_cast<int64_t>(label));
    moved.push_back(static_cast<int64_t>(target));
  }
  return moved.size() >= 4 ? moved : std::vector<int64_t>{};
}

/// Whether the classes answered are the classes moved: an exchange or a ring.
bool is_closed(const std::vector<int64_t>& moved) {
  std::set<int64_t> labels, answers;
  for (size_t i = 0; i < moved.size(); i += 2) labels.insert(moved[i]), answers.insert(moved[i + 1]);
  return labels == answers;
}

/// Classes that a weak model mistakes for others form no ring in which each is answered as the next more often than as itself; where not
/// all of a ring is seen, a class must hardly be answered as itself.
std::vector<int64_t> find_moved(const std::vector<std::vector<int64_t>>& counts) {
  std::vector<int64_t> ring = moved_classes(counts, 1);
  return is_closed(ring) && !ring.empty() ? ring : moved_classes(counts, kAtHome);
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    const auto right = right_count(evidence, subject, "test");
    if (!right) continue;
    const auto counts = confusion(evidence, subject.find("test")->answers);
    const std::vector<int64_t> moved = find_moved(counts);
    results::Finding finding = make_finding(check, results::Verdict::kClear, subject.name, "No two classes have changed places.");
    finding.counts["right"] = *right;
    finding.lists["permutation"] = moved;
    if (!moved.empty()) {
      int64_t repaired = right->correct;
      for (size_t i = 0; i < moved.size(); i += 2) {
        const auto& row = counts[static_cast<size_t>(moved[i])];
        repaired += row[static_cast<size_t>(moved[i + 1])] - row[static_cast<size_t>(moved[i])];
      }
      finding.verdict = results::Verdict::kProblem;
      finding.summary = format(
          "{} classes are answered as one other class each (label {} as {}, ...): with their names exchanged {} of {} "
          "answers are right instead of {}.",
          moved.size() / 2, moved[0], moved[1], repaired, right->total, right->correct);
      finding.advice = "Take the order of classes from one place: folder names sort alphabetically, label files need not.";
      finding.counts["reproduced"] = {repaired, right->total};
    }
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kLabelsPermutation = {
    .id = "labels.permutation",
    .question = "Do labels and answers count the classes in a different order?",
    .needs = "labels, and a model with --data or --predictions",
    .statistic = "per class of at least 20 images, the share answered as one other class",
    .threshold =
        "at least two classes, more than half answered as one other class, all to different classes: at most half as often as themselves "
        "where "
        "they form a ring (an exchange of two is one), else on at most a tenth of their images",
    .error_rate = "below 1e-9: a class with 20 images answered at random meets it with probability below 1e-5, two are needed",
    .run = run,
};

}  // namespace liteqat::audit
