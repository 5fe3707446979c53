// The test images of several folders of one data set as one test split: a bigger test set. Only images that are new count: one that an
// earlier folder holds too, byte for byte, is left out, so that every image of the pool stands in it once and the tests on it hold. The
// training split stays that of the first folder: what a model was trained on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace liteqat::data {

struct NamedDataset {
  std::string folder;
  Dataset dataset;
};

/// One folder's images in the pool's test split: [begin, begin + count).
struct PoolPart {
  std::string folder;
  int64_t begin = 0, count = 0;
  int64_t held = 0;  // in the folder; held - count are copies of images of earlier folders
};

struct Pool {
  Dataset dataset;
  std::vector<PoolPart> parts;
  std::vector<int64_t> rows;         // [pool] place of each image when the folders' test splits stand one after the other
  int64_t held = 0;                  // images in all folders
  std::vector<std::string> remarks;  // sentences: copies left out, labels that contradict each other, images of one folder in another's
                                     // training split
};

/// Pools the test splits in the order given. Fails: kMismatch naming both folders for another data set, other class names or another image
/// size. Requires: at least one; of several, test images in memory.
/// Training images that are not in memory are not looked at.
Result<Pool> pool_test_images(std::vector<NamedDataset> sets);

}  // namespace liteqat::data
