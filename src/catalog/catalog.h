// A person's own images as a data set: a folder per class of PNG and JPEG files, a CSV manifest (listing.h), or NumPy arrays. Image files
// stay on disk until they are asked for; arrays come as they are, and are fitted in memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"
#include "catalog/labels.h"
#include "data/dataset.h"
#include "data/fit.h"

namespace liteqat::catalog {

/// How images become the pixels a model takes.
struct Shaping {
  int32_t height = 0, width = 0;  // 0: as the images are, which must all be of one size
  data::ResizeKernel kernel = data::ResizeKernel::kPillow;
  data::Fit fit = data::Fit::kStretch;
  int32_t channels = 0;  // 1 or 3; 0: 3 if any image is coloured
  bool bgr = false;
};

/// What a command needs of the data. A folder without splits serves as the one it needs.
enum class Need { kTest, kTrain, kBoth, kAny };

struct Request {
  Shaping shaping;
  ModelLabels model;
  std::optional<int64_t> labels_offset;
  Need need = Need::kAny;
  int64_t limit_images = 0;  // of each split, spread over the classes; 0: all
};

struct Reading {
  data::Dataset dataset;  // name "image_folder", "manifest" or "arrays"
  std::string labels;     // the rule of labels.h
  std::vector<std::string> notes;
};

/// "image_folder", "manifest" or "arrays"; empty if the path is none of them. A manifest is a .csv file or a folder with manifest.csv;
/// arrays are a .npz file or a folder with .npy files, by the names that Keras and others use: x_train and y_train, train_images and
/// train_labels, images and labels.
std::string detect(const std::string& path);

/// Training images of image files are shuffled once, by a fixed seed: what is cut off their end for validation has all classes. Test images
/// stand in the order of their classes and names. Every image's header is read, so that files that are none are found now, with their
/// names. Fails: as listing.h and labels.h; kMismatch for images of different sizes where no size was asked for, naming two.
Result<Reading> read(const std::string& path, const Request& request, ThreadPool& pool);

/// Images without labels: one file, the array of a .npy file, or all of a folder by name, whatever folders it holds. The split's labels are
/// empty.
Result<data::Split> read_unlabelled(const std::string& path, const Shaping& shaping, ThreadPool& pool);

/// Moves labels and class names of any data set that is in memory. Fails: as match_labels.
Status relabel(data::Dataset& dataset, const Request& request, Reading& reading);

/// Fits images that are in memory. Nothing happens to a split that has that shape already.
void reshape(data::Split& split, const Shaping& shaping, ThreadPool& pool);

}  // namespace liteqat::catalog
