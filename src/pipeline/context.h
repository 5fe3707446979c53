// What every stage of a run shares, and the conversions between a recipe's words and the modules' option structs.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "data/batches.h"
#include "data/dataset.h"
#include "graph/architectures.h"
#include "graph/graph.h"
#include "pipeline/images.h"
#include "pipeline/recipe.h"
#include "pipeline/run_directory.h"
#include "ranks/ranks.h"
#include "train/fit.h"

namespace liteqat::pipeline {

struct Context {
  Recipe recipe;
  RunDirectory directory;
  data::Dataset dataset;  // limited as the recipe asks
  std::optional<results::ImageReading> images;
  ThreadPool& pool;
  Progress& progress;
  Isa isa = Isa::kReference;
  ranks::Ranks* ranks = nullptr;  // who trains with this process (parallel.h); null: nobody

  std::string file(const std::string& name) const { return directory.file(name); }
};

/// Seconds since construction.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

data::Normalization make_normalization(const Recipe& recipe);

/// The recipe's network for images of the split's shape.
graph::ArchitectureOptions make_architecture_options(const Recipe& recipe, const data::Split& images, int32_t classes);

/// Training and validation images of one training stage: the first `images` of the split, the last validation_fraction of them apart.
struct TrainingData {
  data::Split train, validation;
};
TrainingData split_training(const TrainingRecipe& training, const data::Split& train);

train::FitOptions make_fit_options(const Recipe& recipe, const TrainingRecipe& training, int64_t train_images);

/// The first n training images, which calibrate ranges.
data::Split take_calibration_images(const Recipe& recipe, const data::Dataset& dataset);

/// Reads the recipe's data into memory: --data, else the recipe's folder, else what is shipped. Fails: kInvalidArgument if there is none.
Result<DataReading> read_recipe_data(const Recipe& recipe, ThreadPool& pool);

/// Both splits' checksums in one.
std::string data_checksum(const data::Dataset& dataset);

}  // namespace liteqat::pipeline
