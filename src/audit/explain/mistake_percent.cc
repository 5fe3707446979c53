// A percentage turned into a percentage once more (9815 %), or a fraction printed with a percent sign (0.9815 %).
#include "audit/explain/mistakes.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

double reading_likelihood(const Subject& subject, const Figure& figure, std::optional<CountRange> counts, Reading& reading) {
  Subject moved = subject;
  moved.figure = &figure;
  if (!subject.size) return width_likelihood(moved, figure.value, 1, Density::kSibling);
  if (!counts) return 0;
  if (counts->low == counts->high) reading.implied_correct = counts->low;
  reading.implied_total = subject.size;
  reading.implied_accuracy = 0.5 * static_cast<double>(counts->low + counts->high) / static_cast<double>(*subject.size);
  return count_likelihood(moved, *counts, *subject.size, Density::kSibling);
}

}  // namespace

void add_percent_reading(const Subject& subject, Readings& readings) {
  const Figure& figure = *subject.figure;
  if (figure.total > 0 || figure.error_rate) return;
  const bool once_more = figure.value > 1;
  const bool without = figure.form == Form::kPercent && figure.value <= 0.01;
  if (!once_more && !without) return;
  const Figure moved = shifted(figure, once_more ? 2 : -2);
  if (moved.value > 1 || moved.value < 0) return;
  Reading reading{.id = "metric.percent", .implied_accuracy = moved.value};
  reading.likelihood = reading_likelihood(subject, moved, subject.size ? numerators(moved, *subject.size) : std::nullopt, reading);
  reading.why = once_more ? format("{:.6g} times 100, twice: a percentage was multiplied by 100 again", moved.value)
                          : format("the fraction {:.6g} printed with a percent sign, without the multiplication by 100", moved.value);
  reading.how_to_check = "print the count of right images and the number of images beside the percentage";
  if (reading.likelihood > 0) readings.push_back(reading);
}

}  // namespace liteqat::audit
