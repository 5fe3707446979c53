#include "pipeline/convert.h"

#include <CLI/CLI.hpp>

#include "base/cpu.h"
#include "cli/session.h"
#include "report/report.h"

namespace liteqat::cli {
namespace {

struct ConvertFlags {
  pipeline::ConvertInputs inputs;
  std::string json;
};

void execute(const ConvertFlags& flags, Session& session) {
  const auto isa = select_isa();
  if (!session.accept(isa.status())) return;
  const auto progress = session.make_progress();
  ThreadPool pool(session.thread_count());
  const auto outputs = pipeline::convert_model(flags.inputs, *isa, pool, *progress);
  if (!session.accept(outputs.status())) return;
  session.accept(report_result(flags.json, results::conversion_to_json(outputs->record), report::render_conversion(outputs->record)));
}

void add_calibration_options(CLI::App& command, pipeline::PostTrainingInputs& inputs) {
  command.add_option("--calibrate", inputs.calibration_folder, "Data set whose training images calibrate post-training quantization");
  command.add_option("--calibration-images", inputs.rule.images, "How many of them (default: 1000)")->check(CLI::PositiveNumber);
  command.add_option("--calibration-order", inputs.rule.order, "drawn (by --calibration-seed) or first (default: drawn)");
  command.add_option("--calibration-seed", inputs.rule.seed, "Which images are drawn (default: 0)");
  command.add_option("--calibrator", inputs.calibrator,
                     "minmax, moving-average, percentile, mse or entropy (default: percentile; minmax for int16x8)");
  command.add_option("--percentile", inputs.percentile, "Share of the values that percentile keeps (default: 99.99)")
      ->check(CLI::Range(50.0, 100.0));
  command.add_option("--ranges", inputs.ranges_file, "Calibration table (TOML): read if the file exists, else written");
  command.add_option("--eval", inputs.eval_folder, "Data set whose test images measure the model before and after");
}

void add_method_options(CLI::App& command, pipeline::PostTrainingInputs& inputs) {
  command.add_option("--rounding", inputs.rounding, "Of weights: nearest, or optimized by second moments (default: optimized)");
  command.add_flag("--bias-correction,!--no-bias-correction", inputs.bias_correction, "Mean outputs as in float (default: on)");
  command.add_flag("--equalize,!--no-equalize", inputs.equalize, "Cross-layer equalization before calibration (default: off)");
  command.add_flag("--reestimate,!--no-reestimate", inputs.reestimate, "Deviations of outputs as in float (default: off)");
  command.add_flag("--per-tensor", inputs.per_tensor, "One weight scale a layer, for accelerators that know no other");
  command.add_option("--layers", inputs.layers_file, "TOML file of overrides: [[layer]] with name or op, type, per_channel");
  command.add_option("--skip", inputs.skipped, "Operators that stay in float, by name; * stands for any letters");
  command.add_flag("--sensitivity", inputs.sensitivity, "Which layers cost most");
  command.add_option("--mixed", inputs.mixed, "What the most sensitive layers become: float32 or int16x8");
  command.add_option("--mixed-layers", inputs.mixed_layers, "How many of them (default: 4)")->check(CLI::NonNegativeNumber);
}

}  // namespace

void add_convert_command(CLI::App& app, Session& session) {
  const auto flags = std::make_shared<ConvertFlags>();
  pipeline::ConvertInputs& inputs = flags->inputs;
  CLI::App* command = app.add_subcommand("convert", "Write a .tflite from a liteqat, Keras or .tflite model");
  command->add_option("SRC", inputs.source, "Model (.safetensors, .h5, .keras, .tflite)")->required();
  command->add_option("-o,--out", inputs.output, "The .tflite to write")->required();
  command->add_option("--type", inputs.type, "float32, float16, dynamic, int8 or int16x8 (default: float32)");
  command->add_option("--io", inputs.io, "Input and output type of an int8 model: float32, int8 or uint8");
  command->add_flag("--dequantize", inputs.dequantize, "Of an integer .tflite: the float model that its codes stand for");
  command->add_option("--vectors", inputs.vectors_folder, "Folder for known answers: inputs.npy, outputs.npy, vectors.h");
  command->add_option("--c-array", inputs.c_array, "C header that holds the file, for microcontrollers");
  add_calibration_options(*command, inputs.post_training);
  add_method_options(*command, inputs.post_training);
  add_image_options(*command, inputs.post_training.images);
  add_preprocessing_options(*command, inputs.preprocessing);
  add_json_option(*command, flags->json);
  add_common_options(*command, session);
  command->callback([flags, &session] { execute(*flags, session); });
}

}  // namespace liteqat::cli
