#include "explain_witness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace liteqat::witness {
namespace {

constexpr int64_t kLargestBatch = 1024, kLargestSubset = 5000;

/// Ways to count of one figure, tried until one prints its characters.
class Search {
 public:
  Search(const Facts& facts, const Printed& printed) : facts_(facts), printed_(printed) {}

  bool tries(double value) const { return std::fabs(value - printed_.value) < 1e-4 * std::max(1.0, printed_.value) && matches(value); }

  /// A whole number from low to high over `whole`.
  bool over(int64_t whole, int64_t low, int64_t high) const {
    const auto middle = static_cast<int64_t>(std::llround(printed_.value * static_cast<double>(whole)));
    for (int64_t count = std::max(low, middle - 1); count <= std::min(high, middle + 1); ++count) {
      if (tries(static_cast<double>(count) / static_cast<double>(whole))) return true;
    }
    return false;
  }
  bool images(int64_t total) const { return total > 1 && over(total, 0, total); }

  bool subset() const {
    for (int64_t total = 2; total < std::min(facts_.images, kLargestSubset); ++total) {
      if (images(total)) return true;
    }
    return false;
  }
  bool dropped() const {
    for (int64_t size = 2; size <= kLargestBatch; ++size) {
      if (facts_.images % size != 0 && images(facts_.images / size * size)) return true;
    }
    return false;
  }
  bool runs() const {
    const std::array<int64_t, 7> counts = {2, 3, 4, 5, 8, 10, 20};
    return std::any_of(counts.begin(), counts.end(), [&](int64_t count) { return images(count * facts_.images); });
  }
  bool divisor() const {
    std::vector<int64_t> divisors = {facts_.train, facts_.validation, facts_.images * facts_.classes, facts_.images + 1, facts_.images - 1};
    for (int64_t size = 2; size <= kLargestBatch; ++size) {
      const int64_t batches = (facts_.images + size - 1) / size;
      divisors.push_back(batches), divisors.push_back(batches * size);
    }
    return std::any_of(divisors.begin(), divisors.end(), [&](int64_t by) { return by > 1 && over(by, 0, facts_.images); });
  }
  /// An even number of mismatches; binary accuracy takes any.
  bool cells(int64_t step) const {
    const int64_t all = facts_.images * facts_.classes;
    const auto middle = static_cast<int64_t>(std::llround((1 - printed_.value) * static_cast<double>(all))) / step;
    for (int64_t wrong = std::max<int64_t>(0, middle - 1); wrong <= std::min(2 * facts_.images / step, middle + 1); ++wrong) {
      if (tries(static_cast<double>(all - step * wrong) / static_cast<double>(all))) return true;
    }
    return false;
  }
  bool partial() const {
    for (int64_t size = 2; size <= kLargestBatch; ++size) {
      if (facts_.images > size && facts_.images % size != 0 && partial(size)) return true;
    }
    return false;
  }
  /// Classes of n images, one of n+1 and one of n-1: some of the ways the mean over classes can come about.
  bool macro() const {
    const int64_t n = facts_.images / facts_.classes, equal = n * (facts_.classes - 2);
    const auto count = static_cast<double>(facts_.classes), size = static_cast<double>(n);
    if (n < 2 || facts_.classes < 3) return false;
    constexpr int64_t kSteps = 300;
    const int64_t stride_b = (n + 1) / kSteps + 1, stride_c = (n - 1) / (kSteps - 1) + 1;
    for (int64_t b = 0; b <= n + 1; b += stride_b) {
      for (int64_t c = 0; c <= n - 1; c += stride_c) {
        const double others = static_cast<double>(b) / (size + 1) + static_cast<double>(c) / (size - 1);
        const auto a = static_cast<int64_t>(std::llround((printed_.value * count - others) * size));
        if (a >= 0 && a <= equal && tries((static_cast<double>(a) / size + others) / count)) return true;
      }
    }
    return false;
  }

 private:
  bool matches(double value) const { return printed_.could_be(value, printed_.text); }

  bool partial(int64_t size) const {
    const int64_t batches = facts_.images / size + 1, last = facts_.images % size;
    const auto b = static_cast<double>(size), l = static_cast<double>(last), count = static_cast<double>(batches);
    for (int64_t in_last = 0; in_last <= last; ++in_last) {
      const double share = static_cast<double>(in_last) / l;
      const auto right = static_cast<int64_t>(std::llround((printed_.value * count - share) * b));
      if (right >= 0 && right <= size * (batches - 1) && tries((static_cast<double>(right) / b + share) / count)) return true;
    }
    return false;
  }

  const Facts& facts_;
  const Printed& printed_;
};

}  // namespace

bool prints_the_same(std::string_view id, const Facts& facts, const Printed& printed) {
  const Search search(facts, printed);
  const auto images = static_cast<double>(facts.images), classes = static_cast<double>(facts.classes);
  if (id == "as printed" || id == "metric.top_k" || id == "split.leak") return search.images(facts.images);
  if (id == "metric.one_hot_elementwise") return search.cells(2);
  if (id == "metric.binary_accuracy") return search.cells(1);
  if (id == "metric.label_shape_broadcast") return search.tries(1 / classes) || search.tries(images / classes);
  if (id == "quant.constant_output") return search.tries(1 / classes);
  if (id == "metric.partial_batch") return search.partial();
  if (id == "metric.dropped_remainder") return search.dropped();
  if (id == "metric.denominator") return search.divisor();
  if (id == "metric.macro_average") return search.macro();
  if (id == "split.train") return search.images(facts.train);
  if (id == "split.validation") return search.images(facts.validation);
  if (id == "split.pooled")
    return search.images(facts.train + facts.images) || search.images(facts.train + facts.validation) ||
           search.images(facts.validation + facts.images);
  if (id == "split.subset") return search.subset();
  return id == "report.averaged_runs" && search.runs();
}

}  // namespace liteqat::witness
