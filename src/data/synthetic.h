// Synthetic data sets that a small network can learn, written as real files in the formats that dataset.h reads.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "data/dataset.h"

namespace liteqat::data {

struct SyntheticOptions {
  int64_t train = 1000, test = 200;
  int32_t height = 28, width = 28, channels = 1, classes = 10;
  uint64_t seed = 0;
};

/// Balanced classes, each a grating of its own orientation and colour at a random phase under noise. A pure function of the options.
Dataset make_synthetic(const SyntheticOptions& options);

/// Plain (not compressed) IDX files. Requires: 28x28x1 images, at most 10 classes. Fails: kIo; kInvalidArgument if the folder holds
/// compressed files of the same names, which readers would prefer.
Status write_mnist(const Dataset& dataset, const std::string& folder);

/// data_batch_1..5.bin, test_batch.bin and batches.meta.txt. Fails: kIo. Requires: 32x32x3 images, 10 classes, at least 5 training images.
Status write_cifar10(const Dataset& dataset, const std::string& folder);

}  // namespace liteqat::data
