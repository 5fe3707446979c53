// The main job: every stage of a recipe in order, and the record, report and table that come of it.
#pragma once

#include <string>
#include <vector>

#include "base/progress.h"
#include "base/status.h"
#include "results/records.h"

namespace liteqat::pipeline {

enum class Until { kFloat, kQat, kReport };

struct RunInputs {
  std::string recipe = "mnist_guide";  // name or path
  std::string folder;                  // run directory; empty: runs/<recipe>
  std::vector<std::string> settings;   // --set
  bool fresh = false;
  int threads = 1;
  Until until = Until::kReport;  // which stage ends it
  bool color = false;
  int width = 100;
  std::string version;
};

struct RunOutputs {
  results::Run run;
  std::string folder, table;  // table: the terminal's, empty unless the run went to the end
};

/// Fails as its stages do; kInterrupted leaves a state that the same call goes on from.
Result<RunOutputs> run_recipe(const RunInputs& inputs, Progress& progress);

}  // namespace liteqat::pipeline
