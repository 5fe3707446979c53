#include <CLI/CLI.hpp>

#include "base/cpu.h"
#include "cli/session.h"
#include "pipeline/evaluation.h"

namespace liteqat::cli {

void add_predict_command(CLI::App& app, Session& session) {
  const auto inputs = std::make_shared<pipeline::PredictInputs>();
  CLI::App* command = app.add_subcommand("predict", "Run a .tflite on N stacked inputs or on image files");
  command->add_option("MODEL", inputs->model, "The .tflite, .h5 or .keras to run")->required();
  command
      ->add_option(
          "INPUTS", inputs->inputs,
          "Inputs (.npy), stacked on a new first axis or on the batch axis; of several inputs .npz by tensor name; or an image file, or "
          "a folder of them")
      ->required();
  command->add_option("-o,--out", inputs->output, "Outputs (.npy, or .npz by tensor name), stacked likewise")->required();
  command->add_flag("--raw", inputs->raw, "Inputs and outputs in the model's own types, nothing quantized or dequantized");
  command->add_option("--arithmetic", inputs->arithmetic, "Arithmetic profile: litert-reference (default), tflite-reference or xnnpack");
  add_image_options(*command, inputs->images);
  add_preprocessing_options(*command, inputs->preprocessing);
  add_common_options(*command, session);
  command->callback([inputs, &session] {
    const auto isa = select_isa();
    if (!session.accept(isa.status())) return;
    const auto progress = session.make_progress();
    ThreadPool pool(session.thread_count());
    session.accept(pipeline::predict_to_file(*inputs, *isa, pool, *progress));
  });
}

}  // namespace liteqat::cli
