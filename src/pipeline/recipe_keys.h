// The list of recipe keys, once: reading, overriding, printing and hashing all walk it. Private to pipeline.
#pragma once

#include <string>

#include "pipeline/recipe.h"

namespace liteqat::pipeline {

template <typename TrainingType, typename Visitor>
void visit_training_keys(const std::string& section, TrainingType& training, Visitor&& visit) {
  visit(section + ".epochs", training.epochs);
  visit(section + ".batch_size", training.batch_size);
  visit(section + ".images", training.images);
  visit(section + ".validation_fraction", training.validation_fraction);
  visit(section + ".optimizer", training.optimizer);
  visit(section + ".learning_rate", training.learning_rate);
  visit(section + ".momentum", training.momentum);
  visit(section + ".nesterov", training.nesterov);
  visit(section + ".weight_decay", training.weight_decay);
  visit(section + ".clip_norm", training.clip_norm);
  visit(section + ".ema_decay", training.ema_decay);
  visit(section + ".dropout", training.dropout);
  visit(section + ".label_smoothing", training.label_smoothing);
  visit(section + ".schedule", training.schedule);
  visit(section + ".warmup_epochs", training.warmup_epochs);
  visit(section + ".step_epochs", training.step_epochs);
  visit(section + ".step_factor", training.step_factor);
  visit(section + ".final_fraction", training.final_fraction);
  visit(section + ".crop_padding", training.crop_padding);
  visit(section + ".horizontal_flip", training.horizontal_flip);
  visit(section + ".cutout", training.cutout);
}

/// Calls visit("section.key", field) for every key in file order. RecipeType is Recipe or const Recipe.
template <typename RecipeType, typename Visitor>
void visit_keys(RecipeType& recipe, Visitor&& visit) {
  visit("name", recipe.name);
  visit("description", recipe.description);
  visit("seed", recipe.seed);
  visit("data.dataset", recipe.dataset);
  visit("data.folder", recipe.data_folder);
  visit("data.limit_images", recipe.limit_images);
  visit("data.size", recipe.size);
  visit("data.width", recipe.width);
  visit("data.resize", recipe.resize);
  visit("data.fit", recipe.fit);
  visit("data.channels", recipe.channels);
  visit("data.mean", recipe.mean);
  visit("data.std", recipe.std);
  visit("model.architecture", recipe.architecture);
  visit("model.alpha", recipe.alpha);
  visit("model.batch_norm_momentum", recipe.batch_norm_momentum);
  visit("model.batch_norm_epsilon", recipe.batch_norm_epsilon);
  visit("model.pretrained", recipe.pretrained);
  visit("model.weights", recipe.weights);
  visit("model.reinit", recipe.reinit);
  visit("model.weight_map", recipe.weight_map);
  visit_training_keys("train", recipe.train, visit);
  visit("train.fused", recipe.fused);
  visit("qat.scheme", recipe.scheme);
  visit("qat.forward", recipe.forward);
  visit("qat.ranges", recipe.ranges);
  visit("qat.layers", recipe.layers);
  visit("qat.layers_sha256", recipe.layers_sha256);
  visit("qat.skip", recipe.skip);
  visit_training_keys("qat", recipe.qat, visit);
  visit("qat.calibration_images", recipe.calibration_images);
  visit("qat.control", recipe.control);
  visit("export.types", recipe.types);
  visit("export.io", recipe.io);
}

}  // namespace liteqat::pipeline
