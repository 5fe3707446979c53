// Training over several processes: rank 0 does the run as ever, the others read the same data, wait for a training to begin, and compute
// their shares of every batch. They never touch the run directory: the model to start from comes over from rank 0. Private to pipeline.
#pragma once

#include <string>

#include "data/dataset.h"
#include "pipeline/model_file.h"
#include "pipeline/recipe.h"
#include "ranks/ranks.h"

namespace liteqat::pipeline {

/// A training stage as the other ranks need to know it.
struct SharedTraining {
  std::string stage;  // "float", "qat", "float_control"
  train::Forward forward = train::Forward::kFakeQuant;
  const TrainedModel& model;  // what it starts from, optimizer state included
};

/// What must be the same on all ranks: fails on those where `own` is not what rank 0 has. Nothing to do without other ranks.
Status compare_with_rank_0(ranks::Ranks* ranks, const std::string& what, const std::string& own);

/// From rank 0: the training begins, all ranks call train::fit() next. Nothing to do without other ranks.
Status send_training(ranks::Ranks* ranks, const SharedTraining& training);

/// From rank 0, once all is trained: the others return, and every rank is on its own from then on.
Status end_training(ranks::Ranks* ranks);

/// What ranks other than 0 do until rank 0 ends the training.
Status follow_training(ranks::Ranks& ranks, const Recipe& recipe, const data::Dataset& dataset, ThreadPool& pool);

}  // namespace liteqat::pipeline
