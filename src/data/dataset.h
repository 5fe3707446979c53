// Image classification data: pixels as bytes, labels, names and the checksum of what was read. The pixels of a large folder of image files
// need not lie in memory: a split may know where its images come from and make each one when it is asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"

namespace liteqat::data {

/// Images made on demand. read() may run in several threads at once and gives the same bytes every time.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  /// Image `index` as [height, width, channels] of the split. Fails: with the image's file in the message.
  virtual Status read(int64_t index, std::span<uint8_t> out) const = 0;
};

struct Split {
  std::string name;  // "train", "validation", "test"
  int64_t count = 0;
  int32_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;  // [count, height, width, channels], 0..255, RGB; empty where they are still in `source`
  std::vector<int32_t> labels;  // [count], in [0, classes)
  std::string sha256;           // of the file bytes this split was read from, in file order; of image files, pixels and labels as read

  std::shared_ptr<const ImageSource> source = {};  // null: pixels are here. Shared by the parts that a split is cut into
  std::vector<int64_t> rows = {};                  // [count] of source's images; empty without a source
  std::vector<std::string> files = {};             // [count] names of the images' files; empty where images have no files of their own

  bool loaded() const { return source == nullptr; }
  /// Image `index`, wherever it is. Fails: as ImageSource::read. Requires: room for image_elems().
  Status read(int64_t index, std::span<uint8_t> out) const;
  int64_t image_elems() const { return int64_t{height} * width * channels; }
  /// Without a copy. Requires: loaded().
  std::span<const uint8_t> image(int64_t index) const {
    return std::span(pixels).subspan(static_cast<size_t>(index * image_elems()), static_cast<size_t>(image_elems()));
  }
  /// image(), as what equal images have in common.
  std::string_view content(int64_t index) const {
    const auto pixels_of = image(index);
    return {reinterpret_cast<const char*>(pixels_of.data()), pixels_of.size()};
  }
};

struct Dataset {
  std::string name;  // "mnist", "cifar10"
  std::vector<std::string> class_names;
  Split train, test;

  int32_t classes() const { return static_cast<int32_t>(class_names.size()); }
};

/// Whether a folder may hold test images alone: then the training split has count 0. Some of the training files without the others are an
/// error either way.
enum class TrainingImages { kRequired, kIfPresent };

/// MNIST's four IDX files (gzip or plain) in a folder. Fails: kNotFound, kCorruptFile, kOutOfRange with file and byte offset.
Result<Dataset> read_mnist(const std::string& folder, TrainingImages training = TrainingImages::kRequired);

/// CIFAR-10's binary version: data_batch_1..5.bin, test_batch.bin, batches.meta.txt if present.
Result<Dataset> read_cifar10(const std::string& folder, TrainingImages training = TrainingImages::kRequired);

std::vector<std::string> dataset_names();

/// By name ("mnist", "cifar10"), from a folder. An unknown name is kInvalidArgument and names the nearest known one.
Result<Dataset> read_dataset(const std::string& name, const std::string& folder, TrainingImages training = TrainingImages::kRequired);

/// No images, of the size of `like`.
Split make_empty_split(const Split& like, const std::string& name);

/// The first `count` images of a split (all if it has fewer or count is 0). The checksum stays that of the files.
Split take_first(const Split& split, int64_t count);
/// Rows [begin, end).
Split slice(const Split& split, int64_t begin, int64_t end, const std::string& name);
/// Those rows, in that order. Requires: each in [0, count).
Split pick(const Split& split, std::span<const int64_t> rows);

/// Brings all pixels into memory and lets go of the source; nothing to do where they are. Fails: naming the images that cannot be read, the
/// first few of many; kOutOfRange if they would take more than three quarters of the machine's memory.
Status load_pixels(Split& split, ThreadPool& pool);

}  // namespace liteqat::data
