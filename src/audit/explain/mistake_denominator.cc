// The count of right images divided by another number than the images they were counted on: the number of batches, a padded total, the
// size of another split, one too many or too few, images x classes.
#include <vector>

#include "audit/explain/mistakes.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

struct Divisor {
  int64_t value;
  double share;
  int64_t batch_size = 0, batches = 0;  // of a number of batches, or of their padded total
  const char* words = "";
};

std::string divisor_words(const Divisor& divisor) {
  if (divisor.batch_size == 0) return format("{} ({})", format_count(divisor.value), divisor.words);
  if (divisor.value == divisor.batches) return format("the {} batches of {}", format_count(divisor.batches), divisor.batch_size);
  return format("{} ({} batches x {})", format_count(divisor.value), format_count(divisor.batches), divisor.batch_size);
}

/// Shares: dividing by len(loader) and by a padded total are the ones that loops invite.
std::vector<Divisor> usual_divisors(const Subject& subject, int64_t images) {
  std::vector<Divisor> divisors;
  for (int64_t size = 2; size <= kLargestBatch; ++size) {
    const int64_t count = (images + size - 1) / size;
    const double share = batch_share(size);
    if (count > 1) divisors.push_back({count, 0.3 * share, size, count});
    if (images % size != 0) divisors.push_back({count * size, 0.25 * share, size, count});
  }
  const Facts& facts = *subject.facts;
  if (facts.train && *facts.train != images) divisors.push_back({*facts.train, 0.12, 0, 0, "the training images"});
  if (facts.validation && *facts.validation != images) divisors.push_back({*facts.validation, 0.12, 0, 0, "the validation images"});
  if (facts.test && *facts.test != images) divisors.push_back({*facts.test, 0.12, 0, 0, "the test images"});
  if (facts.classes) divisors.push_back({images * *facts.classes, 0.05, 0, 0, "images x classes"});
  divisors.push_back({images + 1, 0.03, 0, 0, "one too many"});
  if (images > 2) divisors.push_back({images - 1, 0.03, 0, 0, "one too few"});
  return divisors;
}

}  // namespace

void add_denominator_reading(const Subject& subject, Readings& readings) {
  if (!subject.size || subject.figure->class_average || subject.figure->total > 0) return;
  const int64_t images = *subject.size;
  VariantSum sum;
  for (const Divisor& divisor : usual_divisors(subject, images)) {
    if (divisor.value < 2 || divisor.value > 1'000'000'000) continue;
    auto range = whole_numerators(*subject.figure, divisor.value);
    if (!range || range->high < 0 || range->low > images) continue;
    range = CountRange{std::max<int64_t>(0, range->low), std::min(images, range->high)};
    const int64_t middle = (range->low + range->high) / 2;
    const double q = digits_probability(*subject.figure, prints_exactly(*subject.figure, middle, divisor.value)) *
                     computing_probability(*subject.figure, *range, divisor.value);
    sum.add(divisor.share * q * count_mass(subject, *range, images, Density::kSibling),
            range->low == range->high ? std::optional(middle) : std::nullopt, images,
            static_cast<double>(middle) / static_cast<double>(images), divisor_words(divisor));
  }
  if (sum.empty()) return;
  Reading reading{.id = "metric.denominator"};
  sum.write(reading);
  reading.why =
      format("the count of right images was divided by {} instead of the {} images it was counted on", sum.detail(), format_count(images));
  reading.how_to_check = "print both numbers of the division: right images and images";
  readings.push_back(reading);
}

}  // namespace liteqat::audit
