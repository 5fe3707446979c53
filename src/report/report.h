// Formats records: a run as the table on the terminal and as report.html, a single self-contained file with inline SVG, light and dark;
// a model and a data set as lines for a person. Computes no statistics: every number shown stands in the record.
#pragma once

#include <string>

#include "results/bench_record.h"
#include "results/dataset_record.h"
#include "results/model_difference.h"
#include "results/model_record.h"
#include "results/records.h"
#include "results/train_bench_record.h"

namespace liteqat::report {

struct TableStyle {
  bool color = false;
  int width = 100;
};

/// model, correct/total, value, 95 % interval, agreement with float, file size; one line per metric of the test split.
std::string render_table(const results::Run& run, const TableStyle& style);

std::string render_html(const results::Run& run);

/// What a model is; with_layers: a line per operator and a line per tensor as well.
std::string render_model(const results::ModelRecord& model, bool with_layers);

/// What a conversion wrote; where they were measured, accuracy before and after, noise by layer, sensitivity, what stayed in float.
std::string render_conversion(const results::ConversionRecord& conversion);

/// One line a difference of two models.
std::string render_model_difference(const results::ModelComparison& comparison);

std::string render_bench(const results::BenchRecord& bench);
/// with_layers: a line per step as well.
std::string render_train_bench(const results::TrainBenchRecord& bench, bool with_layers);

/// What a data set holds, or, if it was checked, what is wrong with it.
std::string render_dataset(const results::DatasetRecord& dataset);

}  // namespace liteqat::report
