#include "pipeline/training_mode.h"

#include <algorithm>
#include <numeric>

#include "train/engine.h"

namespace liteqat::pipeline {

bool has_batch_norm(const graph::Graph& graph) {
  return std::any_of(graph.ops.begin(), graph.ops.end(), [](const graph::Op& op) { return op.kind == graph::OpKind::kBatchNorm; });
}

Result<eval::Predictions> predict_in_training_mode(graph::Graph graph, const data::Split& split, const data::Normalization& normalization,
                                                   int32_t batch, ThreadPool& pool, Progress& progress) {
  const graph::Tensor& input = graph.tensor(graph.inputs[0]);
  if (graph::elem_count(input.shape) != split.image_elems() * std::max(1, input.shape[0])) {
    return error(Code::kMismatch, "the network takes {}, the images are {}x{}x{}", graph::shape_text(input.shape), split.height,
                 split.width, split.channels);
  }
  batch = static_cast<int32_t>(std::min<int64_t>(batch, split.count));
  train::EngineOptions options = {.max_batch = batch};
  options.chunk = train::training_chunk_images(graph, nullptr, batch);
  LITEQAT_ASSIGN_OR_RETURN(train::Engine engine, train::Engine::make(graph, nullptr, pool, options));
  const data::BatchFiller filler(split, normalization, {}, 0);
  std::vector<float> pixels(static_cast<size_t>(batch * split.image_elems())), scores;
  progress.begin("training mode", split.count, "images");
  for (int64_t begin = 0; begin < split.count; begin += batch) {
    if (interrupt_requested()) return Status(Code::kInterrupted, "evaluation was interrupted");
    std::vector<int32_t> indices(static_cast<size_t>(std::min<int64_t>(batch, split.count - begin)));
    std::iota(indices.begin(), indices.end(), static_cast<int32_t>(begin));
    const auto images = std::span(pixels).first(indices.size() * static_cast<size_t>(split.image_elems()));
    filler.fill(indices, 0, images);
    const auto output = engine.forward(images, static_cast<int32_t>(indices.size()), train::Mode::kTraining);
    scores.insert(scores.end(), output.begin(), output.end());
    progress.update(begin + static_cast<int64_t>(indices.size()), "");
  }
  progress.end("");
  const auto classes = static_cast<int32_t>(static_cast<int64_t>(scores.size()) / std::max<int64_t>(split.count, 1));
  return eval::make_predictions(std::move(scores), classes);
}

}  // namespace liteqat::pipeline
