// The right metric on the wrong images: the training split, the validation split, several splits together, only the first images of the
// test split; and a validation split that an earlier stage of training had seen.
#include <algorithm>
#include <array>
#include <cmath>

#include "audit/explain/mistakes.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

/// Reading of the figure as counts of a split with `total` images. Empty if no count prints it.
std::optional<Reading> split_reading(const Subject& subject, const std::string& id, int64_t total, Density density) {
  const auto range = numerators(*subject.figure, total);
  if (!range) return std::nullopt;
  const int64_t middle = (range->low + range->high) / 2;
  return Reading{.id = id,
                 .implied_accuracy = static_cast<double>(middle) / static_cast<double>(total),
                 .implied_correct = range->low == range->high ? std::optional(middle) : std::nullopt,
                 .implied_total = total,
                 .likelihood = count_likelihood(subject, *range, total, density)};
}

bool is_test_figure(const Subject& subject) {
  return subject.figure->split == "test" && !subject.figure->class_average;
}

// Two stages of training that each hold out a share of the training images are what fine-tuning scripts do; unless both draw the same
// images, the second validation figure is inflated. It needs no further mistake, so it is this much more likely than a leak into test.
constexpr double kDrawnAgain = 10;

constexpr std::array<double, 4> kHeldOutShares = {0.1, 0.2, 0.25, 0.3};

}  // namespace

void add_train_split_reading(const Subject& subject, Readings& readings) {
  const auto total = subject.facts->train;
  if (!is_test_figure(subject) || !total) return;
  auto reading = split_reading(subject, "split.train", *total, Density::kSeen);
  if (!reading) return;
  reading->why = format("measured on the {} training images: {}", format_count(*total),
                        reading->implied_correct ? count_words(*reading->implied_correct, *total) : "several counts print these digits");
  reading->how_to_check = "print the number of images that were evaluated, and evaluate on the test split";
  readings.push_back(*reading);
}

/// Of a known size, or of a usual share of the training images.
void add_validation_split_reading(const Subject& subject, Readings& readings) {
  if (!is_test_figure(subject)) return;
  VariantSum sum;
  const auto add = [&](int64_t total, double share) {
    if (total < 2 || subject.size == total) return;
    const auto reading = split_reading(subject, "split.validation", total, Density::kSibling);
    if (reading) sum.add(share * reading->likelihood, reading->implied_correct, total, *reading->implied_accuracy, format_count(total));
  };
  if (subject.facts->validation) {
    add(*subject.facts->validation, 1);
  } else if (subject.facts->train) {
    for (const double share : kHeldOutShares)
      add(std::llround(share * static_cast<double>(*subject.facts->train)), 1.0 / kHeldOutShares.size());
  }
  if (sum.empty()) return;
  Reading reading{.id = "split.validation"};
  sum.write(reading);
  reading.why = format("measured on {} validation images", sum.detail());
  reading.how_to_check =
      "print the number of images that were evaluated; early stopping and choosing an epoch have used the validation images";
  readings.push_back(reading);
}

void add_pooled_splits_reading(const Subject& subject, Readings& readings) {
  const Facts& facts = *subject.facts;
  if (!is_test_figure(subject) || !facts.train || !subject.size) return;
  VariantSum sum;
  const auto add = [&](int64_t total, double share, const char* words) {
    const auto reading = split_reading(subject, "split.pooled", total, Density::kSeen);
    if (reading) sum.add(share * reading->likelihood, reading->implied_correct, total, *reading->implied_accuracy, words);
  };
  add(*facts.train + *subject.size, 0.7, "training and test images together");
  if (facts.validation) add(*facts.train + *facts.validation, 0.15, "training and validation images together");
  if (facts.validation) add(*facts.validation + *subject.size, 0.15, "validation and test images together");
  if (sum.empty()) return;
  Reading reading{.id = "split.pooled"};
  sum.write(reading);
  reading.why = format("measured on {}, {} in all", sum.detail(), format_count(*reading.implied_total));
  reading.how_to_check = "print the number of images that were evaluated";
  readings.push_back(reading);
}

/// The first n images. Round n share nine tenths of the prior, any other n below 5,000 the rest.
void add_subset_reading(const Subject& subject, Readings& readings) {
  if (!subject.size || subject.figure->class_average) return;
  constexpr std::array<int64_t, 16> kRound = {100, 1000, 500, 200, 5000, 2000, 50, 128, 256, 512, 1024, 64, 32, 10, 300, 2500};
  const int64_t images = *subject.size, most = std::min<int64_t>(images - 1, 5000);
  VariantSum sum;
  const auto add = [&](int64_t total, double share) {
    const auto range = numerators(*subject.figure, total);
    if (!range) return;
    const int64_t middle = (range->low + range->high) / 2;
    sum.add(share * count_likelihood(subject, *range, total, Density::kSibling),
            range->low == range->high ? std::optional(middle) : std::nullopt, total,
            static_cast<double>(middle) / static_cast<double>(total), format_count(total));
  };
  for (const int64_t total : kRound) {
    if (total < images) add(total, 0.9 / kRound.size());
  }
  for (int64_t total = 2; total <= most; ++total) add(total, 0.1 / static_cast<double>(most));
  if (sum.empty()) return;
  Reading reading{.id = "split.subset"};
  sum.write(reading);
  reading.why = format("measured on {} images only, not on all {}", sum.detail(), format_count(images));
  reading.how_to_check = "print the number of images that were evaluated; look for [:n], take(n), limits and quick modes in the evaluation";
  readings.push_back(reading);
}

/// Images that the model was trained on, or an earlier stage of it, among those it is measured on. The fair accuracy is not determined.
void add_leak_reading(const Subject& subject, Readings& readings) {
  const Figure& figure = *subject.figure;
  const bool on_validation = figure.split == "validation";
  if ((figure.split != "test" && !on_validation) || figure.value > 1 || figure.class_average) return;
  if (on_validation ? subject.test_siblings.empty() : subject.siblings.empty()) return;
  const auto counts = subject.size ? numerators(figure, *subject.size) : std::nullopt;
  if (subject.size && !counts) return;
  const double likelihood = counts ? count_likelihood(subject, *counts, *subject.size, Density::kSeen)
                                   : width_likelihood(subject, figure.value, 1, Density::kSeen);
  readings.push_back(
      {.id = "split.leak",
       .implied_total = subject.size,
       .likelihood = on_validation ? kDrawnAgain * likelihood : likelihood,
       .open = true,
       .why =
           on_validation
               ? "the validation images were training images of an earlier stage: the split was drawn again, or only for the second stage"
               : "some of these images, or near copies of them, were training images",
       .how_to_check = "compare the indices, or hashes of the images, of every training stage with those evaluated"});
}

}  // namespace liteqat::audit
