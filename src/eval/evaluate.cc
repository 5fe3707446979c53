#include "eval/evaluate.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "eval/tensor_io.h"
#include "stats/intervals.h"

namespace liteqat::eval {
namespace {

using graph::DType;
using graph::Tensor;

constexpr double kLevel = 0.95;

/// One worker's interpreter and conversion buffer (empty for integer inputs).
struct Worker {
  runtime::Interpreter interpreter;
  std::vector<float> pixels;
  std::vector<uint8_t> image = {};  // one, where images are not in memory
};

/// What the workers share: the split and how its pixels become inputs.
struct Source {
  const data::Split& split;
  const data::BatchFiller& filler;
  std::vector<std::byte> codes;  // [channels, 256] for integer inputs, else empty
};

Status check_input(const Tensor& input, const data::Split& split) {
  const graph::Shape& shape = input.shape;
  const bool nhwc = shape.size() == 4 && shape[1] == split.height && shape[2] == split.width && shape[3] == split.channels;
  const bool without_channel = shape.size() == 3 && split.channels == 1 && shape[1] == split.height && shape[2] == split.width;
  if (!nhwc && !without_channel) {
    return error(Code::kMismatch, "the model takes {}, the images are {}x{}x{}", graph::shape_text(shape), split.height, split.width,
                 split.channels);
  }
  const bool quantized = input.type == DType::kInt8 || input.type == DType::kUInt8;
  if (quantized && input.quantization.scale.size() == 1) return {};
  if (input.type == DType::kFloat32) return {};
  return error(Code::kUnsupported, "the model's input '{}' is {}; float32, or int8 or uint8 with one scale, is expected", input.name,
               graph::dtype_name(input.type));
}

Status check_output(const Tensor& output, int32_t batch) {
  const bool known = output.type == DType::kFloat32 ||
                     ((output.type == DType::kInt8 || output.type == DType::kUInt8) && output.quantization.scale.size() == 1);
  if (!known) {
    return error(Code::kUnsupported, "the model's output '{}' is {}; float32, or int8 or uint8 with one scale, is expected", output.name,
                 graph::dtype_name(output.type));
  }
  if (output.shape.size() < 2 || output.shape[0] != batch || graph::elem_count(output.shape) < batch) {
    return error(Code::kMismatch, "the model's output {} holds no row of scores for each of {} images", graph::shape_text(output.shape),
                 batch);
  }
  return {};
}

/// One image's bytes: where they lie, or read into the worker's buffer.
Result<std::span<const uint8_t>> fetch_image(Worker& worker, const data::Split& split, int64_t index) {
  if (split.loaded()) return split.image(index);
  worker.image.resize(static_cast<size_t>(split.image_elems()));
  LITEQAT_RETURN_IF_ERROR(split.read(index, worker.image));
  return std::span<const uint8_t>(worker.image);
}

/// Fills the worker's input with images [begin, begin + count); a short last batch repeats the last image.
Status fill_input(Worker& worker, const Source& source, int64_t begin, int64_t count) {
  const auto bytes = worker.interpreter.input(0);
  const auto batch = static_cast<size_t>(worker.interpreter.batch()), elems = static_cast<size_t>(source.split.image_elems());
  const size_t image_bytes = bytes.size() / batch;
  std::span<const uint8_t> image;
  for (size_t i = 0; i < batch; ++i) {
    if (static_cast<int64_t>(i) < count) {
      LITEQAT_ASSIGN_OR_RETURN(image, fetch_image(worker, source.split, begin + static_cast<int64_t>(i)));
    }
    if (source.codes.empty()) {
      source.filler.convert(image, std::span(worker.pixels).subspan(i * elems, elems));
    } else {
      write_pixels(image, source.codes, static_cast<size_t>(source.split.channels), bytes.subspan(i * image_bytes, image_bytes));
    }
  }
  if (source.codes.empty()) write_input(worker.pixels, worker.interpreter.input_tensor(0), bytes);
  return {};
}

/// Runs images [begin, begin + count) through one worker.
Status run_batch(Worker& worker, const Source& source, int64_t begin, int64_t count, std::span<float> scores) {
  LITEQAT_RETURN_IF_ERROR(fill_input(worker, source, begin, count));
  worker.interpreter.invoke();
  read_output(worker.interpreter.output_tensor(0), worker.interpreter.output(0), scores);
  return {};
}

/// Half of the second-level cache of common CPUs: beyond that a batch's activations leave it between two operators.
constexpr int64_t kCachedActivations = 512 << 10;
/// Larger batches no longer help the kernels.
constexpr int32_t kLargestBatch = 32;

/// options.batch, or the largest power of two whose activations stay in the cache.
Result<int32_t> choose_batch(const graph::Graph& model, const RunOptions& options) {
  if (options.batch != 0) return options.batch;
  LITEQAT_ASSIGN_OR_RETURN(const auto single,
                           runtime::Interpreter::prepare(model, {.profile = options.profile, .batch = 1, .isa = options.isa}));
  int32_t batch = 1;
  while (batch < kLargestBatch && 2 * batch * single.arena_bytes() <= kCachedActivations) batch *= 2;
  return batch;
}

Result<std::vector<Worker>> make_workers(const graph::Graph& model, const data::Split& split, const RunOptions& options, int threads) {
  std::vector<Worker> workers;
  for (int worker = 0; worker < threads; ++worker) {
    LITEQAT_ASSIGN_OR_RETURN(
        auto interpreter, runtime::Interpreter::prepare(model, {.profile = options.profile, .batch = options.batch, .isa = options.isa}));
    LITEQAT_RETURN_IF_ERROR(check_input(interpreter.input_tensor(0), split));
    LITEQAT_RETURN_IF_ERROR(check_output(interpreter.output_tensor(0), options.batch));
    const bool real = interpreter.input_tensor(0).type == DType::kFloat32;
    std::vector<float> pixels(real ? static_cast<size_t>(options.batch * split.image_elems()) : 0);
    workers.push_back({std::move(interpreter), std::move(pixels)});
  }
  return workers;
}

std::vector<std::byte> make_codes(const Tensor& input, const data::BatchFiller& filler) {
  if (input.type == DType::kFloat32) return {};
  std::vector<std::byte> codes(filler.tables().size());
  write_input(filler.tables(), input, codes);
  return codes;
}

/// First image with a NaN score, -1 if there is none.
int64_t find_nan(const std::vector<float>& scores, int64_t classes) {
  const auto found = std::find_if(scores.begin(), scores.end(), [](float score) { return std::isnan(score); });
  return found == scores.end() ? -1 : (found - scores.begin()) / classes;
}

}  // namespace

Predictions make_predictions(std::vector<float> scores, int32_t classes) {
  LITEQAT_CHECK(classes > 0 && scores.size() % static_cast<size_t>(classes) == 0);
  Predictions predictions;
  predictions.classes = classes;
  predictions.scores = std::move(scores);
  for (size_t begin = 0; begin < predictions.scores.size(); begin += static_cast<size_t>(classes)) {
    const auto row = std::span<const float>(predictions.scores).subspan(begin, static_cast<size_t>(classes));
    const auto best = std::max_element(row.begin(), row.end());
    predictions.classed.push_back(static_cast<int32_t>(best - row.begin()));
    predictions.tied.push_back(std::count(row.begin(), row.end(), *best) > 1);
  }
  return predictions;
}

Result<Predictions> run_model(const graph::Graph& model, const data::Split& split, const data::Normalization& normalization,
                              const RunOptions& asked, ThreadPool& pool, Progress& progress) {
  if (model.inputs.size() != 1 || model.outputs.size() != 1) {
    return error(Code::kUnsupported, "the model has {} inputs and {} outputs, one of each is expected", model.inputs.size(),
                 model.outputs.size());
  }
  LITEQAT_RETURN_IF_ERROR(data::validate_normalization(normalization, split.channels));
  RunOptions options = asked;
  LITEQAT_ASSIGN_OR_RETURN(options.batch, choose_batch(model, asked));
  LITEQAT_ASSIGN_OR_RETURN(std::vector<Worker> workers, make_workers(model, split, options, pool.threads()));
  const Tensor& output = workers[0].interpreter.output_tensor(0);
  const int64_t classes = graph::elem_count(output.shape) / options.batch;
  const int64_t batches = (split.count + options.batch - 1) / options.batch;
  const data::BatchFiller filler(split, normalization, {}, 0);
  const Source source = {split, filler, make_codes(workers[0].interpreter.input_tensor(0), filler)};
  std::vector<float> padded(static_cast<size_t>(batches * options.batch * classes));
  progress.begin("eval", split.count, "images");
  // Rounds of a few batches per worker, so that progress and interruption are seen in between.
  const int64_t round = int64_t{8} * pool.threads();
  for (int64_t first = 0; first < batches; first += round) {
    if (interrupt_requested()) return Status(Code::kInterrupted, "evaluation was interrupted");
    const auto count = static_cast<int>(std::min(round, batches - first));
    std::vector<Status> faults(static_cast<size_t>(count));
    pool.run(count, [&](int task, int worker) {
      const int64_t begin = (first + task) * options.batch;
      const auto scores = std::span(padded).subspan(static_cast<size_t>(begin * classes), static_cast<size_t>(options.batch * classes));
      faults[static_cast<size_t>(task)] =
          run_batch(workers[static_cast<size_t>(worker)], source, begin, std::min<int64_t>(options.batch, split.count - begin), scores);
    });
    for (Status& fault : faults) LITEQAT_RETURN_IF_ERROR(std::move(fault));
    progress.update(std::min(split.count, (first + count) * options.batch), "");
  }
  progress.end("");
  padded.resize(static_cast<size_t>(split.count * classes));
  const int64_t broken = find_nan(padded, classes);
  if (broken >= 0) return error(Code::kOutOfRange, "image {} of split {} has a score that is not a number", broken, split.name);
  return make_predictions(std::move(padded), static_cast<int32_t>(classes));
}

results::Metric make_metric(const std::string& model, const std::string& arithmetic, const std::string& split_name,
                            const Predictions& predictions, std::span<const int32_t> labels) {
  LITEQAT_CHECK_EQ(predictions.classed.size(), labels.size());
  results::Metric metric;
  metric.id = model + "." + split_name;
  metric.model = model, metric.arithmetic = arithmetic, metric.split = split_name;
  metric.total = static_cast<int64_t>(labels.size());
  const auto classes = static_cast<size_t>(predictions.classes);
  metric.confusion.assign(classes, std::vector<int64_t>(classes));
  for (size_t i = 0; i < labels.size(); ++i) {
    metric.correct += predictions.classed[i] == labels[i];
    metric.ties += predictions.tied[i];
    const auto label = static_cast<size_t>(labels[i]);
    if (label < classes) ++metric.confusion[label][static_cast<size_t>(predictions.classed[i])];
  }
  metric.value = static_cast<double>(metric.correct) / static_cast<double>(metric.total);
  const stats::Bounds bounds = stats::wilson_interval(metric.correct, metric.total, kLevel);
  metric.interval = {.method = "wilson", .level = kLevel, .low = bounds.low, .high = bounds.high};
  return metric;
}

int64_t count_agreement(const Predictions& a, const Predictions& b) {
  LITEQAT_CHECK_EQ(a.classed.size(), b.classed.size());
  int64_t same = 0;
  for (size_t i = 0; i < a.classed.size(); ++i) same += a.classed[i] == b.classed[i];
  return same;
}

std::vector<results::Disagreement> find_disagreements(const std::vector<std::pair<std::string, const Predictions*>>& models,
                                                      const data::Split& split, int64_t limit) {
  std::vector<results::Disagreement> found;
  for (int64_t index = 0; index < split.count && static_cast<int64_t>(found.size()) < limit; ++index) {
    const auto i = static_cast<size_t>(index);
    const bool agreed = std::all_of(models.begin(), models.end(),
                                    [&](const auto& model) { return model.second->classed[i] == models[0].second->classed[i]; });
    if (agreed) continue;
    results::Disagreement disagreement;
    disagreement.index = index;
    disagreement.label = split.labels[i];
    disagreement.height = split.height, disagreement.width = split.width, disagreement.channels = split.channels;
    const auto image = split.image(index);
    disagreement.pixels.assign(image.begin(), image.end());
    for (const auto& [name, predictions] : models) disagreement.predictions[name] = predictions->classed[i];
    found.push_back(std::move(disagreement));
  }
  return found;
}

}  // namespace liteqat::eval
