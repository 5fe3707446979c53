// Evaluates stats functions on lines of stdin "name number number ..." and prints one line of numbers each, 17 significant digits.
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "stats/clusters.h"
#include "stats/comparisons.h"
#include "stats/holm.h"
#include "stats/images_needed.h"
#include "stats/intervals.h"
#include "stats/paired_difference.h"
#include "stats/paired_power.h"

namespace {

using namespace liteqat::stats;
using Numbers = std::vector<double>;

int64_t whole(double value) {
  return static_cast<int64_t>(value);
}
Numbers list(const Bounds& bounds) {
  return {bounds.low, bounds.high};
}
PairedCounts paired(const Numbers& x) {
  return {whole(x[0]), whole(x[1]), whole(x[2])};
}
/// Pairs (sum, total) from x[first] on.
std::vector<Cluster> clusters(const Numbers& x, size_t first) {
  std::vector<Cluster> list;
  for (size_t i = first; i + 1 < x.size(); i += 2) list.push_back({whole(x[i]), whole(x[i + 1])});
  return list;
}
Numbers proportion(const Numbers& x) {
  const ClusteredProportion result = clustered_proportion(clusters(x, 1), x[0]);
  return {result.value, result.interval.low, result.interval.high, result.design_effect, result.effective_total};
}
Numbers difference(const Numbers& x) {
  const ClusteredDifference result = clustered_difference(clusters(x, 3), x[0], x[1]);
  return {result.mean.value,
          result.interval.low,
          result.interval.high,
          result.p,
          result.equivalence_p,
          static_cast<double>(clusters_needed(result.mean, x[2], {}).value_or(-1)),
          smallest_clustered_gap(result.mean, {}).value_or(-1)};
}

const std::map<std::string, std::function<Numbers(const Numbers&)>> kFunctions = {
    {"wilson", [](const Numbers& x) { return list(wilson_interval(whole(x[0]), whole(x[1]), x[2])); }},
    {"clopper_pearson", [](const Numbers& x) { return list(clopper_pearson_interval(whole(x[0]), whole(x[1]), x[2])); }},
    {"mcnemar",
     [](const Numbers& x) {
       return Numbers{mcnemar_exact_p(whole(x[0]), whole(x[1])), mcnemar_mid_p(whole(x[0]), whole(x[1]))};
     }},
    {"tango", [](const Numbers& x) { return list(tango_interval(paired(x), x[3])); }},
    {"tost", [](const Numbers& x) { return Numbers{equivalence_p(paired(x), x[3])}; }},
    {"z", [](const Numbers& x) { return Numbers{two_proportion_z(whole(x[0]), whole(x[1]), whole(x[2]), whole(x[3])).p}; }},
    {"gap", [](const Numbers& x) { return Numbers{smallest_paired_gap(whole(x[0]), x[1], {}).value_or(-1)}; }},
    {"clusters", proportion},
    {"clustered_difference", difference},
    {"unpaired_images",
     [](const Numbers& x) { return Numbers{static_cast<double>(images_needed_unpaired(x[0], x[1], 0.05, 0.8).value_or(-1))}; }},
    {"paired_images", [](const Numbers& x) { return Numbers{static_cast<double>(paired_images_needed(x[0], x[1], {}).value_or(-1))}; }},
    {"holm", [](const Numbers& x) { return holm_adjusted(x); }},
};

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream in(line);
    std::string name;
    in >> name;
    Numbers numbers;
    for (double value = 0; in >> value;) numbers.push_back(value);
    const auto function = kFunctions.find(name);
    if (function == kFunctions.end()) return 2;
    for (double value : function->second(numbers)) std::printf("%.17g ", value);
    std::printf("\n");
  }
  return 0;
}
