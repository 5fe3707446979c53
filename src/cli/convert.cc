#include "pipeline/convert.h"

#include <CLI/CLI.hpp>

#include "cli/session.h"

namespace liteqat::cli {

void add_convert_command(CLI::App& app, Session& session) {
  const auto inputs = std::make_shared<pipeline::ConvertInputs>();
  const auto json = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("convert", "Write a .tflite from a liteqat or Keras model");
  command->add_option("SRC", inputs->source, "Model (.safetensors, .h5, .keras)")->required();
  command->add_option("-o,--out", inputs->output, "The .tflite to write")->required();
  command->add_option("--type", inputs->type, "float32 or int8 (default: float32)");
  command->add_option("--io", inputs->io, "Input and output type of an int8 model: float32, int8 or uint8");
  command->add_option("--calibrate", inputs->calibration_folder, "Data set whose training images calibrate post-training quantization");
  command->add_option("--calibration-images", inputs->calibration_images, "How many of them (default: 1000)")->check(CLI::PositiveNumber);
  add_preprocessing_options(*command, inputs->preprocessing);
  add_json_option(*command, *json);
  add_common_options(*command, session);
  command->callback([inputs, json, &session] {
    const auto progress = session.make_progress();
    ThreadPool pool(session.thread_count());
    const auto outputs = pipeline::convert_model(*inputs, pool, *progress);
    if (!session.accept(outputs.status())) return;
    session.accept(report_result(*json, results::conversion_to_json(outputs->record), outputs->description + "\n"));
  });
}

}  // namespace liteqat::cli
