// A recipe: everything that decides a run's results, in one TOML file. Command line over environment over recipe over defaults; an
// unknown key is an error that names the nearest known one. The effective recipe is written beside the results, and its hash tells
// whether a finished stage can be reused.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::pipeline {

/// How one training stage goes: [train] for the float model, [qat] for quantization-aware fine-tuning and its control.
struct TrainingRecipe {
  int64_t epochs = 1;
  int64_t batch_size = 32;
  int64_t images = 0;                // the first n training images only; 0: all
  double validation_fraction = 0.1;  // the last part of those images, as Keras' validation_split
  std::string optimizer = "adam";    // adam | adamw | sgd
  double learning_rate = 1e-3;
  double momentum = 0.9;  // sgd
  bool nesterov = false;
  double weight_decay = 0;  // of kernels; adamw: decoupled, else L2
  double clip_norm = 0;     // gradients are scaled down to this global norm; 0: never
  double ema_decay = 0;     // averaged weights are what is evaluated and exported; 0: none are kept
  double dropout = 0;       // share of what the classifier reads
  double label_smoothing = 0;
  std::string schedule = "constant";  // constant | step | cosine
  double warmup_epochs = 0;
  std::vector<double> step_epochs;  // step: the rate is multiplied by step_factor at each
  double step_factor = 0.1;
  double final_fraction = 0;  // cosine: share of the rate at the end
  int64_t crop_padding = 0;
  bool horizontal_flip = false;
  int64_t cutout = 0;  // side of the square that is blanked in every image; 0: none
};

struct Recipe {
  std::string name, description;
  int64_t seed = 0;

  std::string dataset = "mnist";   // mnist | cifar10 | images (a folder per class, a manifest or arrays)
  std::string data_folder;         // empty: data shipped with liteqat, or --data; not part of the hash, the data's checksums are
  int64_t limit_images = 0;        // the first n images of each split; 0: all
  int64_t size = 0, width = 0;     // images become size x size pixels, or size x width; 0: as they are
  std::string resize = "pillow";   // pillow | opencv | tensorflow
  std::string fit = "stretch";     // stretch | crop | imagenet | central | pad
  std::string channels;            // rgb | bgr | gray; empty: as the images are
  std::vector<double> mean = {0};  // model input = (pixel - mean) / std, per channel or one value for all
  std::vector<double> std = {255};

  bool fused = true;  // [train]: convolution, batch norm and activation as one step; off: a step per operator

  std::string architecture = "mnist_guide";  // "file": the network of model.weights
  double alpha = 1;
  double batch_norm_momentum = 0.99, batch_norm_epsilon = 1e-3;
  std::string pretrained;  // stands in for float training: .safetensors of our own, or Keras or .tflite, which bring their network

  std::string weights;              // where float training starts: .safetensors, .h5, .keras or .tflite, by tensor name
  std::vector<std::string> reinit;  // layers that start fresh all the same
  std::string weight_map;           // TOML: which PyTorch module each layer is, where names differ

  TrainingRecipe train;
  std::string scheme = "liteqat_8bit";
  /// integer | fake_quant: how [qat] computes its forward. Empty: not given, which read_recipe and parse_recipe make integer where scheme,
  /// ranges and dropout of [qat] allow it and fake_quant where they do not.
  std::string forward;
  std::string ranges = "ema";     // ema | calibrated (those of quantizing after training, kept) | learned (from there; weights' too)
  std::string layers;             // file of overrides for single layers (layers_file.h)
  std::string layers_sha256;      // of that file, as a run began with it; empty: not settled
  std::vector<std::string> skip;  // operators that stay in float, by name; * stands for any letters
  TrainingRecipe qat;
  int64_t calibration_images = 1000;  // training images that initialise ranges (liteqat_8bit) and calibrate post-training quantization
  bool control = true;                // train the matched-budget control
  std::vector<std::string> types = {"float32", "ptq_int8", "qat_int8"};
  std::string io = "float32";
};

/// Where recipes and shipped data lie: beside the binary's prefix (share/liteqat) or in the source tree the binary was built in.
std::vector<std::string> share_folders();

/// The file for a recipe named on the command line: a path, or a name looked up in recipes/. Fails: kInvalidArgument listing what exists.
Result<std::string> find_recipe(const std::string& name);

struct RecipeOverrides {
  std::vector<std::string> settings;  // "train.epochs=3", values as TOML (bare words are strings)
  bool use_environment = true;        // LITEQAT_TRAIN_EPOCHS=3
};

/// Reads, overrides and checks. Fails: kNotFound, kCorruptFile (syntax, with line), kInvalidArgument (a --set key), kOutOfRange.
Result<Recipe> read_recipe(const std::string& path, const RecipeOverrides& overrides);
Result<Recipe> parse_recipe(const std::string& text, const std::string& path_for_messages, const RecipeOverrides& overrides);

/// Canonical TOML of every key. Reading it back gives the same recipe.
std::string print_recipe(const Recipe& recipe);

/// SHA-256 of the canonical text without keys that cannot change results (description, data folder).
std::string hash_recipe(const Recipe& recipe);

/// Number of training steps an epoch has.
int64_t steps_per_epoch(const TrainingRecipe& training, int64_t train_images);

}  // namespace liteqat::pipeline
