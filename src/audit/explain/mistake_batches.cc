// Evaluation loops by batches that treat the last, smaller batch wrongly: averaged as if it were a whole one (partial batch), or left
// out (dropped remainder, drop_remainder=True, drop_last=True).
#include <algorithm>
#include <cmath>

#include "audit/explain/mistakes.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

struct Batches {
  int64_t size, count, last;  // the last one is smaller than size
};

/// Empty where the batches come out even.
std::optional<Batches> split_batches(int64_t images, int64_t size) {
  if (images <= size || images % size == 0) return std::nullopt;
  return Batches{size, images / size + 1, images % size};
}

double log_binomial(int64_t k, int64_t n, double p) {
  const auto x = static_cast<double>(k), size = static_cast<double>(n);
  const double inside = std::clamp(p, 1e-6, 1 - 1e-6);
  return std::lgamma(size + 1) - std::lgamma(x + 1) - std::lgamma(size - x + 1) + x * std::log(inside) + (size - x) * std::log1p(-inside);
}

/// reported = (K1 / b + K2 / l) / B with K1 right in the full batches and K2 in the last: K1 l + K2 b = m, a numerator over b l B.
void add_partial_variants(const Subject& subject, int64_t images, const Batches& batches, double share, VariantSum& sum) {
  const int64_t denominator = batches.size * batches.last * batches.count;
  if (denominator > 1'000'000'000) return;
  const auto range = numerators(*subject.figure, denominator);
  if (!range) return;
  const int64_t full = batches.size * (batches.count - 1);
  double likelihood = 0, accuracy = 0, strongest = 0;
  std::optional<int64_t> correct;
  for (int64_t in_last = 0; in_last <= batches.last; ++in_last) {
    const int64_t low = std::max<int64_t>(0, (range->low - in_last * batches.size + batches.last - 1) / batches.last);
    const int64_t high = std::min(full, (range->high - in_last * batches.size) / batches.last);
    if (low > high || range->high < in_last * batches.size) continue;
    const int64_t right = (low + high) / 2 + in_last;
    const double a = static_cast<double>(right) / static_cast<double>(images);
    const double term = static_cast<double>(high - low + 1) / static_cast<double>(images) *
                        sibling_density(subject, a, static_cast<double>(images)) * std::exp(log_binomial(in_last, batches.last, a));
    likelihood += term;
    accuracy += term * a;
    if (term <= strongest) continue;
    strongest = term;
    correct = low == high ? std::optional(right) : std::nullopt;
  }
  if (likelihood == 0) return;
  // Means of batch means are rarely terminating decimals: printing all digits shows them.
  const double q = digits_probability(*subject.figure, false) * computing_probability(*subject.figure, *range, denominator);
  sum.add(likelihood * share * q, correct, correct ? std::optional(images) : std::nullopt, accuracy / likelihood,
          format("batches of {}, the last of {}", batches.size, batches.last));
}

}  // namespace

void add_partial_batch_reading(const Subject& subject, Readings& readings) {
  if (!subject.size || subject.figure->total > 0 || subject.figure->class_average) return;
  VariantSum sum;
  const bool fine = subject.figure->scale >= 9;  // coarse digits fit every batch size: the usual ones stand for all
  for (int64_t size = 2; size <= kLargestBatch; ++size) {
    const double share = batch_share(size);
    const auto batches = split_batches(*subject.size, size);
    if (batches && (fine || is_usual_batch(size))) add_partial_variants(subject, *subject.size, *batches, share, sum);
  }
  if (sum.empty()) return;
  Reading reading{.id = "metric.partial_batch"};
  sum.write(reading);
  reading.implied_total = subject.size;
  reading.why =
      format("a mean of batch means counts the images of the last, smaller batch more than the others ({}): it is no count divided by {}",
             sum.detail(), format_count(*subject.size));
  reading.how_to_check = "add up right images and images over all batches and divide once";
  readings.push_back(reading);
}

void add_dropped_remainder_reading(const Subject& subject, Readings& readings) {
  if (!subject.size || subject.figure->class_average) return;
  VariantSum sum;
  for (int64_t size = 2; size <= kLargestBatch; ++size) {
    const auto batches = split_batches(*subject.size, size);
    if (!batches) continue;
    const int64_t kept = *subject.size - batches->last;
    const auto range = numerators(*subject.figure, kept);
    if (!range) continue;
    const int64_t middle = (range->low + range->high) / 2;
    sum.add(batch_share(size) * count_likelihood(subject, *range, kept, Density::kSibling),
            range->low == range->high ? std::optional(middle) : std::nullopt, kept, static_cast<double>(middle) / static_cast<double>(kept),
            format("batches of {} leave out the last {} images", size, batches->last));
  }
  if (sum.empty()) return;
  Reading reading{.id = "metric.dropped_remainder"};
  sum.write(reading);
  reading.why = format("{}, and {} remain", sum.detail(), format_count(*reading.implied_total));
  reading.how_to_check =
      "print the number of images counted; drop_remainder (TensorFlow) and drop_last (PyTorch) must be off for evaluation";
  readings.push_back(reading);
}

}  // namespace liteqat::audit
