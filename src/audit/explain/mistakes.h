// The known mistakes, each inverted in a file of its own (mistake_*.cc): what true accuracy would it turn into the printed digits, and how
// likely are they then. Each adds one reading, or none where the digits exclude it or a size it needs is unknown.
#pragma once

#include <vector>

#include "audit/explain/model.h"

namespace liteqat::audit {

using Readings = std::vector<Reading>;

void add_one_hot_reading(const Subject& subject, Readings& readings);
void add_binary_accuracy_reading(const Subject& subject, Readings& readings);
void add_label_shape_reading(const Subject& subject, Readings& readings);
void add_constant_output_reading(const Subject& subject, Readings& readings);
void add_percent_reading(const Subject& subject, Readings& readings);
void add_partial_batch_reading(const Subject& subject, Readings& readings);
void add_dropped_remainder_reading(const Subject& subject, Readings& readings);
void add_denominator_reading(const Subject& subject, Readings& readings);
void add_top_k_reading(const Subject& subject, Readings& readings);
void add_macro_average_reading(const Subject& subject, Readings& readings);
void add_train_split_reading(const Subject& subject, Readings& readings);
void add_validation_split_reading(const Subject& subject, Readings& readings);
void add_pooled_splits_reading(const Subject& subject, Readings& readings);
void add_subset_reading(const Subject& subject, Readings& readings);
void add_leak_reading(const Subject& subject, Readings& readings);
void add_averaged_runs_reading(const Subject& subject, Readings& readings);

/// All of the above in turn.
Readings find_readings(const Subject& subject);

constexpr int64_t kLargestBatch = 1024;

/// How often evaluation loops are written with a batch size, among 2..kLargestBatch: nine tenths for the usual ones.
double batch_share(int64_t size);
bool is_usual_batch(int64_t size);

/// Collects variants of one mistake (batch sizes, subset sizes): their likelihoods add up, the strongest decides what is implied.
class VariantSum {
 public:
  /// correct, total: what this variant implies.
  void add(double likelihood, std::optional<int64_t> correct, std::optional<int64_t> total, double accuracy, const std::string& detail);
  bool empty() const { return likelihood_ == 0; }
  const std::string& detail() const { return detail_; }
  /// Fills likelihood and what is implied.
  void write(Reading& reading) const;

 private:
  double likelihood_ = 0, strongest_ = 0, accuracy_ = 0;
  std::optional<int64_t> correct_, total_;
  std::string detail_;
};

/// "7,231 of 10,000 (0.7231)".
std::string count_words(int64_t correct, int64_t total);

}  // namespace liteqat::audit
