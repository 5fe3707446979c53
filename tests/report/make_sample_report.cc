// Writes a report of an invented run, for the browser test and for looking at the design: make_sample_report KIND OUT.html
//   mnist    seven models, one epoch a stage, grey images        cifar    named classes, thirty epochs, colour images, findings
//   hundred  a hundred classes                                   hostile  names made of markup, figures that are not numbers
//   empty    nothing but a name
// Prints the terminal table to stdout.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "base/file.h"
#include "hash/sha256.h"
#include "report/report.h"
#include "results/records.h"

namespace liteqat {
namespace {

using results::Run;

constexpr int64_t kTestImages = 10000;

/// A small linear congruential sequence: the sample must not change with the library's generators.
class Sequence {
 public:
  int64_t below(int64_t bound) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int64_t>((state_ >> 33) % static_cast<uint64_t>(bound));
  }

 private:
  uint64_t state_ = 20240501;
};

results::Metric make_metric(const std::string& model, const std::string& arithmetic, int64_t classes, int64_t errors, Sequence& random) {
  results::Metric metric{.id = model + ".test", .model = model, .arithmetic = arithmetic, .split = "test", .total = kTestImages};
  metric.confusion.assign(static_cast<size_t>(classes), std::vector<int64_t>(static_cast<size_t>(classes), 0));
  for (int64_t i = 0; i < classes; ++i) metric.confusion[static_cast<size_t>(i)][static_cast<size_t>(i)] = kTestImages / classes;
  for (int64_t error = 0; error < errors; ++error) {
    const auto label = static_cast<size_t>(random.below(classes));
    const auto other = static_cast<size_t>((static_cast<int64_t>(label) + 1 + random.below(3) * random.below(3)) % classes);
    if (other == label || metric.confusion[label][label] == 0) continue;
    --metric.confusion[label][label];
    ++metric.confusion[label][other];
  }
  for (size_t i = 0; i < metric.confusion.size(); ++i) metric.correct += metric.confusion[i][i];
  const double value = static_cast<double>(metric.correct) / kTestImages;
  const double half = 1.96 * std::sqrt(value * (1 - value) / kTestImages);
  metric.value = value;
  metric.interval.low = value - half;
  metric.interval.high = std::min(1.0, value + half);
  metric.agreement = kTestImages - (model == "float" ? 0 : errors / 5);
  metric.agreement_with = "float";
  return metric;
}

void add_models(Run& run, int64_t classes, int64_t errors, int64_t float_bytes) {
  Sequence random;
  struct Row {
    const char *model, *file, *type, *arithmetic, *description;
    double size, error_factor;
  };
  const Row kRows[] = {
      {"float", "float.safetensors", "float32", "float32", "float training, evaluated by the training forward pass", 1.02, 1.0},
      {"float_control", "float_control.safetensors", "float32", "float32", "float weights trained as many extra steps as QAT had", 1.02,
       0.93},
      {"qat", "qat.safetensors", "float32", "float32", "fake-quantized evaluation in float", 1.05, 0.95},
      {"float32", "float32.tflite", "float32", "litert-reference", "converted from float.safetensors", 1.0, 1.0},
      {"float16", "float16.tflite", "float16", "litert-reference", "converted from float.safetensors, half-precision weights", 0.51, 1.0},
      {"ptq_int8", "ptq_int8.tflite", "int8", "litert-reference", "post-training quantization, calibrated on 1,000 training images", 0.28,
       1.1},
      {"qat_int8", "qat_int8.tflite", "int8", "litert-reference", "converted from qat.safetensors", 0.28, 0.95},
  };
  for (const Row& row : kRows) {
    const auto count = static_cast<int64_t>(static_cast<double>(errors) * row.error_factor);
    run.metrics.push_back(make_metric(row.model, row.arithmetic, classes, count, random));
    if (run.metrics.back().model == "ptq_int8") run.metrics.back().ties = 14;
    if (run.metrics.back().model == "qat_int8") run.metrics.back().ties = 9;
    const auto bytes = static_cast<int64_t>(static_cast<double>(float_bytes) * row.size);
    run.models.push_back({.model = row.model,
                          .path = row.file,
                          .bytes = bytes,
                          .sha256 = sha256(std::string(row.file)),
                          .type = row.type,
                          .description = row.description});
  }
}

void add_curves(Run& run, int32_t epochs, double first_loss, double last_accuracy) {
  Sequence random;
  double loss = first_loss, accuracy = 0.35 + last_accuracy / 2;
  for (const char* stage : {"float", "qat", "float_control"}) {
    results::Curve curve{.stage = stage};
    for (int32_t epoch = 1; epoch <= epochs; ++epoch) {
      loss *= epochs > 1 ? 0.93 : 0.8;
      accuracy += (last_accuracy - accuracy) * 0.16;
      const auto noise = static_cast<double>(random.below(100)) / 4000;
      const auto correct = static_cast<int64_t>(54000 * accuracy), validation = static_cast<int64_t>(6000 * (accuracy - noise));
      curve.points.push_back({.epoch = epoch,
                              .train_loss = loss,
                              .learning_rate = 1e-3,
                              .train_correct = correct,
                              .train_total = 54000,
                              .validation_loss = loss * (1.05 + 2 * noise),
                              .validation_correct = validation,
                              .validation_total = 6000});
    }
    run.curves.push_back(curve);
  }
}

/// A seven-segment digit, grey or in colour.
results::Disagreement make_image(int64_t index, int32_t digit, int32_t size, int32_t channels) {
  constexpr int kSegments[10] = {0x77, 0x24, 0x5d, 0x6d, 0x2e, 0x6b, 0x7b, 0x25, 0x7f, 0x6f};
  results::Disagreement image{.index = index, .label = digit, .height = size, .width = size, .channels = channels};
  const int segments = kSegments[digit % 10];
  for (int32_t y = 0; y < size; ++y) {
    for (int32_t x = 0; x < size; ++x) {
      const int32_t u = x * 28 / size, v = y * 28 / size;
      const bool column = u >= 8 && u <= 20, left = u >= 8 && u <= 10, right = u >= 18 && u <= 20;
      const bool upper = v >= 4 && v <= 14, lower = v >= 13 && v <= 24;
      bool ink = false;
      ink |= (segments & 1) != 0 && column && v >= 4 && v <= 6;
      ink |= (segments & 2) != 0 && left && upper;
      ink |= (segments & 4) != 0 && right && upper;
      ink |= (segments & 8) != 0 && column && v >= 13 && v <= 15;
      ink |= (segments & 16) != 0 && left && lower;
      ink |= (segments & 32) != 0 && right && lower;
      ink |= (segments & 64) != 0 && column && v >= 22 && v <= 24;
      for (int32_t channel = 0; channel < channels; ++channel) {
        const int32_t ground = channels == 1 ? 0 : (40 + 60 * channel + 3 * v + 2 * u) % 256;
        image.pixels.push_back(static_cast<uint8_t>(ink ? 255 - 30 * channel : ground));
      }
    }
  }
  for (const char* model : {"float", "float_control", "qat", "float32", "float16", "ptq_int8", "qat_int8"})
    image.predictions[model] = digit;
  image.predictions["ptq_int8"] = (digit + 3) % 10;
  if (index % 3 == 0) image.predictions["qat"] = image.predictions["qat_int8"] = (digit + 5) % 10;
  return image;
}

Run sample_base(const std::string& recipe, const std::string& dataset) {
  Run run;
  run.recipe = recipe;
  run.recipe_hash = sha256(recipe);
  run.dataset = dataset;
  run.seed = 1;
  run.environment = {.version = "0.1.0",
                     .cpu = "Example CPU @ 2.60 GHz",
                     .cpu_flags = "avx2 fma avx512f avx512bw avx512vl avx512vnni",
                     .isa = "avx512vnni",
                     .threads = 2,
                     .libraries = {{"fmt", "9.1.0"}, {"oneDNN", "2.6.3"}}};
  run.data = {{.name = "train", .sha256 = sha256("train"), .count = 60000},
              {.name = "test", .sha256 = sha256("test"), .count = kTestImages}};
  run.stages = {{.name = "data", .seconds = 0.31},
                {.name = "float", .seconds = 4.2, .images_per_second = 12857.1},
                {.name = "qat", .seconds = 5.1, .images_per_second = 10588.2},
                {.name = "float_control", .seconds = 4.1, .images_per_second = 13170.7},
                {.name = "convert", .seconds = 0.05},
                {.name = "evaluate", .seconds = 2.6, .images_per_second = 26923.0}};
  return run;
}

void add_findings(Run& run) {
  run.findings = {{.check = "noise.within_sampling_error",
                   .subject = "qat_int8.test, float.test",
                   .summary = "The gap between qat_int8 and float is within the sampling error of 10,000 images.",
                   .advice = "Do not read it as an improvement.",
                   .verdict = results::Verdict::kClear,
                   .evidence = {{"difference", 0.0012}, {"p", 0.41}}},
                  {.check = "training.not_converged",
                   .subject = "float",
                   .summary = "The training loss still falls by more than 3 % an epoch.",
                   .advice = "Train longer before comparing.",
                   .verdict = results::Verdict::kDoubt,
                   .evidence = {}},
                  {.check = "metric.one_hot_elementwise",
                   .subject = "qat_int8.test",
                   .summary = "The claimed figure counts matching one-hot entries, not images.",
                   .advice = "Compare classes.",
                   .verdict = results::Verdict::kProblem,
                   .evidence = {{"claimed", 9446}, {"right", 7445}}}};
}

void make_hostile(Run& run) {
  run.recipe = "</title><script>alert(1)</script>";
  run.class_names = {"<b>zero</b>", "\"one\"", "'two'", "&amp;",       "</td></tr></table>",
                     "five\x01",    "<!--",    "]]>",   "javascript:", "long name that goes on and on and on"};
  run.metrics[0].value = std::numeric_limits<double>::quiet_NaN();
  run.metrics[1].interval.low = -std::numeric_limits<double>::infinity();
  run.metrics[2].model = "<img src=x onerror=alert(1)>";
  run.stages[1].seconds = std::numeric_limits<double>::infinity();
  run.curves[0].points[0].train_loss = std::numeric_limits<double>::quiet_NaN();
  run.disagreements[0].channels = 7;
  run.disagreements[1].predictions["</p><script>alert(2)</script>"] = 99;
}

Run make_sample(const std::string& kind) {
  Run run = sample_base(kind == "mnist" ? "mnist_guide" : kind, kind == "mnist" ? "mnist" : "cifar10");
  if (kind == "empty") return Run{};
  const bool mnist = kind == "mnist";
  add_models(run, kind == "hundred" ? 100 : 10, mnist ? 212 : 2480, mnist ? 84568 : 9439232);
  add_curves(run, mnist ? 1 : 30, mnist ? 0.35 : 2.1, mnist ? 0.978 : 0.83);
  if (!mnist) run.class_names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  for (int64_t i = 0; i < 12; ++i)
    run.disagreements.push_back(make_image(17 + 311 * i, static_cast<int32_t>(i * 7 % 10), mnist ? 28 : 32, mnist ? 1 : 3));
  if (!mnist) add_findings(run);
  if (kind == "hostile") make_hostile(run);
  return run;
}

}  // namespace
}  // namespace liteqat

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: make_sample_report mnist|cifar|hundred|hostile|empty OUT.html\n");
    return 2;
  }
  const liteqat::results::Run run = liteqat::make_sample(argv[1]);
  const liteqat::Status status = liteqat::write_text_file(argv[2], liteqat::report::render_html(run));
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.message().c_str());
    return 3;
  }
  std::fputs(liteqat::report::render_table(run, {.color = false, .width = 120}).c_str(), stdout);
  return 0;
}
