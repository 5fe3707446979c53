// How figures and models are written, for the terminal and for HTML: percent with as many digits as the count supports, the order of
// models, which file belongs to a model. Ratios of two counts of one record are formatting; nothing else is computed.
#pragma once

#include <string>
#include <vector>

#include "results/records.h"

namespace liteqat::report {

inline constexpr const char* kShownSplit = "test";

/// "98.15 %": two decimals up to 10,000 images, one more for each further power of ten, so that one image always shows. NaN: "n/a".
std::string percent(double fraction, int64_t total);
std::string percent_of(int64_t part, int64_t total);
/// "97.86 .. 98.40 %"
std::string percent_range(const results::Interval& interval, int64_t total, const char* between = " .. ");
/// "95 %"
std::string level_text(double level);

/// "Wilson" for "wilson": methods that bear a name.
std::string method_text(const std::string& method);

/// "0.0123" with four significant digits.
std::string number_text(double value);
/// "0.42 s", "83.1 s", "12 min 05 s", "1 h 02 min".
std::string seconds_text(double seconds);

std::string class_name(const results::Run& run, int64_t index);

/// float, float_control, qat, float32, float16, ptq_int8, qat_int8, then the others in the record's order.
std::vector<std::string> order_models(const std::vector<std::string>& models);

/// Metrics of one split in the order of models.
std::vector<const results::Metric*> metrics_of_split(const results::Run& run, const std::string& split);
/// The splits that have metrics: test first, then in the record's order.
std::vector<std::string> splits_with_metrics(const results::Run& run);

/// The model's name, with the arithmetic if another metric of the same split has the same model.
std::string metric_label(const results::Run& run, const results::Metric& metric);

/// Null if the record names no file for the model.
const results::ModelFile* find_file(const results::Run& run, const std::string& model);

/// "float", "fake_quant" or "integer": the family that decides a model's colour. From the file's type where there is one.
const char* family_of(const results::Run& run, const std::string& model);

/// The figure a reader came for: the deployed int8 model's where there is one. Null if there is no metric.
const results::Metric* headline_metric(const results::Run& run);

/// What a finding rests on, one "key = value" each: counts, numbers, words, lists (the first few entries).
std::vector<std::string> evidence_words(const results::Finding& finding);

}  // namespace liteqat::report
