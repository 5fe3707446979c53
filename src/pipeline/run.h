// The main job: every stage of a recipe in order, and the record, report and table that come of it.
#pragma once

#include <string>
#include <vector>

#include "base/progress.h"
#include "base/status.h"
#include "ranks/ranks.h"
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
  ranks::Ranks* ranks = nullptr;  // of the job this process belongs to; null: none
};

struct RunOutputs {
  results::Run run;
  std::string folder, table;  // table: the terminal's, empty unless the run went to the end
};

/// With several ranks all of them call it alike: rank 0 does the run, the others compute their shares of its training and return nothing.
/// Training done, every rank has left the others. Fails as its stages do; kInterrupted leaves a state that the same call goes on from.
Result<RunOutputs> run_recipe(const RunInputs& inputs, Progress& progress);

}  // namespace liteqat::pipeline
