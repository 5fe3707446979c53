// A run directory: one recipe, one writer at a time, stages that are done once. What is finished is recorded in checkpoints/stages.toml
// with the checksum of every file the stage wrote; a stage whose files are all as recorded is not repeated.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "pipeline/recipe.h"

namespace liteqat::pipeline {

struct StageRecord {
  double seconds = 0;
  std::optional<double> images_per_second;
  std::map<std::string, std::string> outputs;  // file relative to the run directory -> SHA-256
};

class RunDirectory {
 public:
  /// Creates or reopens `path` for this recipe and locks it until destruction. Fails: kMismatch if another recipe lives there (nothing is
  /// touched; --fresh starts over), kIo if it cannot be written or another process holds it.
  static Result<RunDirectory> open(const std::string& path, const Recipe& recipe, bool fresh);
  RunDirectory(RunDirectory&& other) noexcept;
  RunDirectory& operator=(RunDirectory&&) = delete;
  ~RunDirectory();

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& recipe_hash() const { return recipe_hash_; }

  /// The record if the stage finished and its files are unchanged.
  std::optional<StageRecord> find_finished(const std::string& stage) const;
  /// Records a finished stage; outputs are the files it wrote.
  Status finish_stage(const std::string& stage, double seconds, std::optional<double> images_per_second,
                      const std::vector<std::string>& outputs);

  /// Refuses inputs (data, pretrained file) other than those the directory's stages were computed from. Fails: kMismatch.
  Status claim_data(const std::string& checksum);

 private:
  RunDirectory(std::string path, std::string recipe_hash, int lock)
      : path_(std::move(path)), recipe_hash_(std::move(recipe_hash)), lock_(lock) {}
  Status read_records();
  Status write_records() const;

  std::string path_, recipe_hash_, data_checksum_;
  std::map<std::string, StageRecord> records_;
  int lock_ = -1;
};

}  // namespace liteqat::pipeline
