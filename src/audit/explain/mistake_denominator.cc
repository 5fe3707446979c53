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
  std::string words;
};

/// Shares: dividing by len(loader) and by a padded total are the ones that loops invite.
std::vector<Divisor> usual_divisors(const Subject& subject, int64_t images) {
  std::vector<Divisor> divisors;
  for (const BatchSize& batch : usual_batch_sizes()) {
    const int64_t count = (images + batch.size - 1) / batch.size;
    if (count > 1 && batch.size > 1)
      divisors.push_back({count, 0.3 * batch.share, format("the {} batches of {}", format_count(count), batch.size)});
    if (images % batch.size != 0)
      divisors.push_back(
          {count * batch.size, 0.25 * batch.share, format("{} batches x {} = {}", count, batch.size, format_count(count * batch.size))});
  }
  const Facts& facts = *subject.facts;
  for (const char* split : {"train", "validation", "test"}) {
    const auto size = facts.size_of(split);
    if (size && *size != images) divisors.push_back({*size, 0.12, format("the {} images of the {} split", format_count(*size), split)});
  }
  if (facts.classes)
    divisors.push_back({images * *facts.classes, 0.05, format("images x classes = {}", format_count(images * *facts.classes))});
  divisors.push_back({images + 1, 0.03, format("{}, one too many", format_count(images + 1))});
  if (images > 2) divisors.push_back({images - 1, 0.03, format("{}, one too few", format_count(images - 1))});
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
    const double q = digits_probability(*subject.figure, prints_exactly(*subject.figure, middle, divisor.value));
    sum.add(divisor.share * q * count_mass(subject, *range, images, Density::kSibling),
            range->low == range->high ? std::optional(middle) : std::nullopt, images,
            static_cast<double>(middle) / static_cast<double>(images), divisor.words);
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
