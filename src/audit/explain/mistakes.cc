#include "audit/explain/mistakes.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {

namespace {

struct BatchSize {
  int64_t size;
  double share;
};

// 32 is Keras' default, 64 and 128 what tutorials use; the others are seen now and then.
constexpr std::array<BatchSize, 12> kUsualSizes = {{{32, 0.28},
                                                    {64, 0.2},
                                                    {128, 0.2},
                                                    {256, 0.1},
                                                    {16, 0.05},
                                                    {512, 0.04},
                                                    {100, 0.04},
                                                    {500, 0.02},
                                                    {1000, 0.02},
                                                    {8, 0.02},
                                                    {1024, 0.02},
                                                    {200, 0.01}}};
constexpr double kUsualShare = 0.9;

}  // namespace

Readings find_readings(const Subject& subject) {
  using Mistake = void (*)(const Subject&, Readings&);
  constexpr std::array<Mistake, 16> kMistakes = {add_one_hot_reading,           add_binary_accuracy_reading, add_label_shape_reading,
                                                 add_constant_output_reading,   add_percent_reading,         add_partial_batch_reading,
                                                 add_dropped_remainder_reading, add_denominator_reading,     add_top_k_reading,
                                                 add_macro_average_reading,     add_train_split_reading,     add_validation_split_reading,
                                                 add_pooled_splits_reading,     add_subset_reading,          add_leak_reading,
                                                 add_averaged_runs_reading};
  Readings readings;
  for (const Mistake mistake : kMistakes) mistake(subject, readings);
  return readings;
}

double batch_share(int64_t size) {
  for (const BatchSize& batch : kUsualSizes) {
    if (batch.size == size) return kUsualShare * batch.share;
  }
  return (1 - kUsualShare) / kLargestBatch;
}

bool is_usual_batch(int64_t size) {
  return std::any_of(kUsualSizes.begin(), kUsualSizes.end(), [&](const BatchSize& batch) { return batch.size == size; });
}

void VariantSum::add(double likelihood, std::optional<int64_t> correct, std::optional<int64_t> total, double accuracy,
                     const std::string& detail) {
  likelihood_ += likelihood;
  if (likelihood <= strongest_) return;
  strongest_ = likelihood;
  correct_ = correct;
  total_ = total;
  accuracy_ = accuracy;
  detail_ = detail;
}

void VariantSum::write(Reading& reading) const {
  reading.likelihood = likelihood_;
  reading.implied_accuracy = accuracy_;
  reading.implied_correct = correct_;
  reading.implied_total = total_;
}

std::string count_words(int64_t correct, int64_t total) {
  return format("{} of {}, {:.6g}", format_count(correct), format_count(total), static_cast<double>(correct) / static_cast<double>(total));
}

}  // namespace liteqat::audit
