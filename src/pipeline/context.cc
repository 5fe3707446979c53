#include "pipeline/context.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "hash/sha256.h"

namespace liteqat::pipeline {
namespace {

train::OptimizerKind optimizer_kind(const std::string& name) {
  if (name == "adamw") return train::OptimizerKind::kAdamW;
  return name == "sgd" ? train::OptimizerKind::kSgd : train::OptimizerKind::kAdam;
}

train::ScheduleKind schedule_kind(const std::string& name) {
  if (name == "cosine") return train::ScheduleKind::kCosine;
  return name == "step" ? train::ScheduleKind::kStep : train::ScheduleKind::kConstant;
}

ImageRequest image_request(const Recipe& recipe) {
  ImageRequest request = {.size = "", .resize = recipe.resize, .fit = recipe.fit, .channels = recipe.channels, .labels_offset = {}};
  if (recipe.size > 0) request.size = format("{}x{}", recipe.size, recipe.width > 0 ? recipe.width : recipe.size);
  return request;
}

/// Whether the folder holds what the recipe wants. Of MNIST and CIFAR-10 the reader says what is missing.
Status check_kind(const Recipe& recipe, const std::string& folder) {
  const auto kind = detect_dataset(folder);
  if (recipe.dataset != "images") {
    if (kind.ok() && *kind == recipe.dataset) return {};
    LITEQAT_RETURN_IF_ERROR(data::read_dataset(recipe.dataset, folder).status());
  }
  if (!kind.ok()) return kind.status();
  if (recipe.dataset == "images" && *kind != "mnist" && *kind != "cifar10") return {};
  return error(Code::kMismatch, "{}: holds {}, recipe '{}' wants {} (data.dataset)", folder, *kind, recipe.name, recipe.dataset);
}

}  // namespace

data::Normalization make_normalization(const Recipe& recipe) {
  data::Normalization normalization;
  normalization.mean.assign(recipe.mean.begin(), recipe.mean.end());
  normalization.std.assign(recipe.std.begin(), recipe.std.end());
  return normalization;
}

TrainingData split_training(const TrainingRecipe& training, const data::Split& train) {
  const data::Split used = data::take_first(train, training.images);
  // Keras' validation_split: the split point is the whole part of count * (1 - fraction).
  const auto split_at = static_cast<int64_t>(std::floor(static_cast<double>(used.count) * (1.0 - training.validation_fraction)));
  return {data::slice(used, 0, split_at, "train"), data::slice(used, split_at, used.count, "validation")};
}

graph::ArchitectureOptions make_architecture_options(const Recipe& recipe, const data::Split& images, int32_t classes) {
  return {.name = recipe.architecture,
          .height = images.height,
          .width = images.width,
          .channels = images.channels,
          .classes = classes,
          .alpha = static_cast<float>(recipe.alpha),
          .batch_norm_momentum = static_cast<float>(recipe.batch_norm_momentum),
          .batch_norm_epsilon = static_cast<float>(recipe.batch_norm_epsilon),
          .seed = static_cast<uint64_t>(recipe.seed)};
}

train::FitOptions make_fit_options(const Recipe& recipe, const TrainingRecipe& training, int64_t train_images) {
  const int64_t steps = steps_per_epoch(training, train_images);
  train::FitOptions options;
  options.epochs = static_cast<int32_t>(training.epochs);
  options.batch_size = static_cast<int32_t>(training.batch_size);
  options.optimizer.kind = optimizer_kind(training.optimizer);
  options.optimizer.learning_rate = static_cast<float>(training.learning_rate);
  options.optimizer.momentum = static_cast<float>(training.momentum);
  options.optimizer.nesterov = training.nesterov;
  options.optimizer.weight_decay = static_cast<float>(training.weight_decay);
  options.optimizer.clip_norm = static_cast<float>(training.clip_norm);
  options.optimizer.ema_decay = static_cast<float>(training.ema_decay);
  options.dropout = static_cast<float>(training.dropout);
  options.schedule.kind = schedule_kind(training.schedule);
  options.schedule.warmup_steps = std::llround(training.warmup_epochs * static_cast<double>(steps));
  options.schedule.total_steps = steps * training.epochs;
  for (double epoch : training.step_epochs) {
    options.schedule.boundary_steps.push_back(std::llround(epoch * static_cast<double>(steps)));
  }
  options.schedule.step_factor = static_cast<float>(training.step_factor);
  options.schedule.final_fraction = static_cast<float>(training.final_fraction);
  options.label_smoothing = static_cast<float>(training.label_smoothing);
  options.augmentation = {.crop_padding = static_cast<int32_t>(training.crop_padding),
                          .horizontal_flip = training.horizontal_flip,
                          .cutout = static_cast<int32_t>(training.cutout)};
  options.normalization = make_normalization(recipe);
  options.seed = static_cast<uint64_t>(recipe.seed);
  options.fused = recipe.fused;
  if (recipe.ranges == "learned") options.ranges = train::Ranges::kLearned;
  return options;
}

data::Split take_calibration_images(const Recipe& recipe, const data::Dataset& dataset) {
  return data::take_first(dataset.train, recipe.calibration_images);
}

Result<DataReading> read_recipe_data(const Recipe& recipe, ThreadPool& pool) {
  std::string folder = recipe.data_folder;
  for (const std::string& share : share_folders()) {
    const std::string shipped = share + "/data/" + recipe.dataset;
    if (folder.empty() && file_exists(shipped)) folder = shipped;
  }
  if (folder.empty()) {
    return error(Code::kInvalidArgument, "recipe '{}' needs {}: give the folder that holds it with --data DIR", recipe.name,
                 recipe.dataset);
  }
  LITEQAT_RETURN_IF_ERROR(check_kind(recipe, folder));
  LITEQAT_ASSIGN_OR_RETURN(
      DataReading reading,
      read_any_dataset(
          {.folder = folder, .images = image_request(recipe), .need = catalog::Need::kBoth, .limit_images = recipe.limit_images}, pool));
  data::Dataset& dataset = reading.dataset;
  LITEQAT_RETURN_IF_ERROR(data::load_pixels(dataset.train, pool));
  LITEQAT_RETURN_IF_ERROR(data::load_pixels(dataset.test, pool));
  const Status fits = data::validate_normalization(make_normalization(recipe), dataset.train.channels);
  if (!fits.ok()) return fits.with_context(format("recipe '{}', data.mean and data.std", recipe.name));
  return reading;
}

std::string data_checksum(const data::Dataset& dataset) {
  return sha256(dataset.train.sha256 + dataset.test.sha256);
}

}  // namespace liteqat::pipeline
