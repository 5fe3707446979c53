// The one place that reads a data set, whatever kind it is: MNIST, CIFAR-10, a folder per class, a manifest, arrays. What the command line
// or a recipe says of size, resizing and channels comes first, then what the model takes, then what the images are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"
#include "catalog/catalog.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "results/records.h"

namespace liteqat::pipeline {

/// As a person states it; empty: not said.
struct ImageRequest {
  std::string size;      // "224" or "192x256", height x width
  std::string resize;    // pillow | opencv | tensorflow
  std::string fit;       // stretch | crop | imagenet | central | pad
  std::string channels;  // rgb | bgr | gray
  std::optional<int64_t> labels_offset;
};

struct DataRequest {
  std::string folder;  // or a .csv or .npz file
  ImageRequest images = {};
  const graph::Graph* model = nullptr;  // whose input and labels the images are for; null: unknown
  catalog::Need need = catalog::Need::kAny;
  int64_t limit_images = 0;  // of each split: the first ones; of image files, spread over the classes
  bool labels = true;        // false: nobody asks for them, and they need not be the model's
};

struct DataReading {
  data::Dataset dataset;
  std::optional<results::ImageReading> images;  // empty: MNIST or CIFAR-10 as they are
  std::vector<std::string> notes;
};

/// "mnist", "cifar10", "image_folder", "manifest" or "arrays". Fails: kNotFound naming what was looked for.
Result<std::string> detect_dataset(const std::string& path);

/// Fails: kInvalidArgument for words of the request that are none; as the readers do.
Result<DataReading> read_any_dataset(const DataRequest& request, ThreadPool& pool);

/// True for an image file by its name, and for a folder.
bool names_images(const std::string& path);

/// Images without labels, in memory: a file, or all of a folder. Fails: as read_any_dataset.
Result<data::Split> read_unlabelled_images(const DataRequest& request, ThreadPool& pool);

/// Images to calibrate with, whatever their labels: the training images of a data set, else all of a folder, an image file or a .npy file
/// of images. May lie on disk still. Fails: as read_any_dataset.
Result<data::Split> read_calibration_images(DataRequest request, ThreadPool& pool);

/// The first `limit` images of a split in memory; 0: all. Fails: as data::load_pixels.
Result<data::Split> load_first(const data::Split& split, int64_t limit, ThreadPool& pool);

}  // namespace liteqat::pipeline
