// `liteqat compare`: prediction files and models in, a comparison record out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "pipeline/images.h"
#include "pipeline/preprocessing.h"
#include "results/comparison.h"

namespace liteqat::pipeline {

struct CompareInputs {
  std::vector<std::string> sources;       // .npy, .npz[:key], .csv; with data_folders also .tflite, .safetensors, .h5 and .keras
  std::string labels;                     // empty: the test split's where there is data, else none
  std::vector<std::string> data_folders;  // several: their test images pooled
  std::string copies;                     // "mirror,shift:2": altered copies of the test images; empty: none
  std::string arithmetic = "litert-reference";
  PreprocessingRequest preprocessing;
  ImageRequest images;  // what it leaves open follows from the first model
  double margin = 0.01;
  std::optional<double> gap;
  bool details = false;
};
struct CompareOutputs {
  results::Comparison record;
  std::string text;
};
Result<CompareOutputs> compare_sources(const CompareInputs& inputs, Isa isa, ThreadPool& pool, Progress& progress);

}  // namespace liteqat::pipeline
