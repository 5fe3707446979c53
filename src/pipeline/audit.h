// `liteqat audit`: gathers what is at hand (a run directory, models, data, prediction files, claimed figures), measures, runs the checks.
#pragma once

#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "pipeline/images.h"
#include "pipeline/preprocessing.h"
#include "results/audit_record.h"

namespace liteqat::pipeline {

struct AuditInputs {
  std::vector<std::string> sources;       // one run directory, or .tflite and .safetensors files; may be empty
  std::vector<std::string> data_folders;  // empty: the run's own; several: their test images pooled, training images of the first
  std::vector<std::string> predictions;   // prediction files, named by stem or key
  std::string labels, claimed;
  std::string isolate;  // folder for the first operator that breaks; empty: none
  bool quick = false;   // of a run directory: take the answers it keeps, measure layers alone
  PreprocessingRequest preprocessing;
  ImageRequest images;  // of --data with models; a run has its recipe's
};
/// Fails: kInvalidArgument when nothing is given, or as the readers do.
Result<results::Audit> audit_sources(const AuditInputs& inputs, Isa isa, ThreadPool& pool, Progress& progress);

std::string audit_text(const results::Audit& audit, bool color, bool all);
std::string audit_markdown(const results::Audit& audit);

}  // namespace liteqat::pipeline
