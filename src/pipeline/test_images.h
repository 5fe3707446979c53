// The images that eval, compare and audit run models on: one folder, or several pooled, and altered copies of them. Private to pipeline.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/answers.h"
#include "base/status.h"
#include "data/dataset.h"
#include "eval/groups.h"
#include "pipeline/images.h"

namespace liteqat::pipeline {

struct PoolRequest {
  std::vector<std::string> folders;           // at least one; several are pooled
  std::string copies = {};                    // "mirror,shift:2"; empty: none
  int64_t limit_images = 0;                   // of each folder's splits; 0: all
  catalog::Need need = catalog::Need::kTest;  // of the first folder; the others give test images
  ImageRequest images = {};
  const graph::Graph* model = nullptr;  // as in DataRequest
};

struct TestImages {
  data::Dataset dataset;      // test: the pool with its copies; train: the first folder's
  eval::ImageGroups groups;   // of the test split
  std::vector<int64_t> rows;  // of a pool that left images out: place of each picture in the folders' test splits in turn
  int64_t held = 0;           // pictures in all folders
  std::optional<results::ImageReading> reading;
  std::vector<std::string> notes;

  bool copied() const { return !groups.kinds.empty(); }
};

/// Pixels are in memory where folders are pooled or copied, else where the reader left them. Fails: as the readers do; kMismatch for
/// folders that cannot be pooled; kInvalidArgument for copies that cannot be made.
Result<TestImages> read_test_images(const PoolRequest& request, ThreadPool& pool);

/// Answers for every image that the folders of a pool hold, without those that the pool left out. Others are returned as they are.
audit::Answers select_pooled(audit::Answers answers, const TestImages& images);
std::vector<int32_t> select_pooled(std::vector<int32_t> labels, const TestImages& images);

}  // namespace liteqat::pipeline
