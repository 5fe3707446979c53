#include <CLI/CLI.hpp>

#include "base/cpu.h"
#include "cli/session.h"
#include "pipeline/evaluation.h"
#include "results/records.h"

namespace liteqat::cli {
namespace {

std::string metric_line(const results::Metric& metric) {
  std::string line = format("{:<28} {:>6}/{:<6} {:.4f}  [{:.4f}, {:.4f}]  {}", metric.id, metric.correct, metric.total, metric.value,
                            metric.interval.low, metric.interval.high, metric.arithmetic);
  if (metric.ties > 0) line += format("  {} ties", metric.ties);
  return line + "\n";
}

std::string class_table(const results::Metric& metric) {
  std::string text = format("\n{} by class (label: right of total)\n", metric.id);
  for (size_t label = 0; label < metric.confusion.size(); ++label) {
    int64_t total = 0;
    for (int64_t count : metric.confusion[label]) total += count;
    text += format("  {:>4}: {:>6} of {:<6}\n", label, metric.confusion[label][label], total);
  }
  return text;
}

void execute(const pipeline::EvaluateInputs& inputs, const std::string& json, bool by_class, Session& session) {
  const auto isa = select_isa();
  if (!session.accept(isa.status())) return;
  const auto progress = session.make_progress();
  ThreadPool pool(session.thread_count());
  const auto outputs = pipeline::evaluate_models(inputs, *isa, pool, *progress);
  if (!session.accept(outputs.status())) return;
  std::string text;
  for (const results::Metric& metric : outputs->metrics) text += metric_line(metric);
  if (by_class) {
    for (const results::Metric& metric : outputs->metrics) text += class_table(metric);
  }
  session.accept(report_result(json, results::eval_to_json(outputs->metrics), text));
}

}  // namespace

void add_eval_command(CLI::App& app, Session& session) {
  struct Flags {
    pipeline::EvaluateInputs inputs;
    std::string json;
    bool by_class = false;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("eval", "Accuracy of models on a data set: correct/total, value, 95 % interval");
  command->add_option("MODEL", flags->inputs.models, ".tflite, .safetensors, .h5 or .keras files")->required();
  command->add_option("--data", flags->inputs.data_folder, "Folder that holds the data set")->required();
  command->add_option("--split", flags->inputs.split, "test or train (default: test)");
  command->add_option("--arithmetic", flags->inputs.arithmetic,
                      "Arithmetic profile: litert-reference (default), tflite-reference or xnnpack");
  command->add_option("--predictions", flags->inputs.predictions_folder, "Write labels.npy and one .npy of scores per model to DIR");
  command->add_option("--limit-images", flags->inputs.limit_images, "Only the first N images")->check(CLI::PositiveNumber);
  add_json_option(*command, flags->json);
  command->add_flag("--by-class", flags->by_class, "Also right and total by class");
  add_preprocessing_options(*command, flags->inputs.preprocessing);
  add_common_options(*command, session);
  command->callback([flags, &session] { execute(flags->inputs, flags->json, flags->by_class, session); });
}

}  // namespace liteqat::cli
