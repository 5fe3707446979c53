// What a network with batch normalization answers when it is evaluated in training mode by mistake: by the mean and variance of the batch
// at hand instead of the moving statistics. The audit holds claims and prediction files against it.
#pragma once

#include "base/progress.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "data/batches.h"
#include "data/dataset.h"
#include "eval/evaluate.h"
#include "graph/graph.h"

namespace liteqat::pipeline {

bool has_batch_norm(const graph::Graph& graph);

/// Images in file order, `batch` at a time (the last one smaller), float arithmetic. Takes the graph by value: training mode moves the
/// moving statistics. Fails: as train::Engine::make does; kMismatch when images and input differ; kInterrupted.
Result<eval::Predictions> predict_in_training_mode(graph::Graph graph, const data::Split& split, const data::Normalization& normalization,
                                                   int32_t batch, ThreadPool& pool, Progress& progress);

}  // namespace liteqat::pipeline
