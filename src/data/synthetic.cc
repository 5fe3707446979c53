#include "data/synthetic.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "base/file.h"
#include "base/rng.h"

namespace liteqat::data {
namespace {

constexpr double kWaves = 3.0;       // periods of the grating across an image
constexpr double kAmplitude = 70.0;  // grey levels
constexpr double kNoise = 25.0;      // standard deviation, grey levels

void draw_image(const SyntheticOptions& options, int32_t label, Rng& rng, std::vector<uint8_t>& pixels) {
  const double angle = std::numbers::pi * label / options.classes;
  const double phase = 2 * std::numbers::pi * rng.next_double();
  for (int32_t y = 0; y < options.height; ++y) {
    for (int32_t x = 0; x < options.width; ++x) {
      const double along = (x * std::cos(angle) + y * std::sin(angle)) / options.width;
      const double wave = std::sin(2 * std::numbers::pi * kWaves * along + phase);
      for (int32_t c = 0; c < options.channels; ++c) {
        const double tint = 20.0 * std::cos(2 * std::numbers::pi * (static_cast<double>(label) / options.classes + c / 3.0));
        const double value = 128 + tint + kAmplitude * wave + kNoise * rng.next_normal();
        pixels.push_back(static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L)));
      }
    }
  }
}

Split make_split(const SyntheticOptions& options, const std::string& name, int64_t count, uint64_t stream) {
  Split split;
  split.name = name;
  split.count = count;
  split.height = options.height, split.width = options.width, split.channels = options.channels;
  Rng rng(options.seed, stream);
  for (int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<int32_t>(i % options.classes);
    split.labels.push_back(label);
    draw_image(options, label, rng, split.pixels);
  }
  return split;
}

void append_big_endian(Bytes& bytes, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(value >> shift));
}

Status write_idx(const Split& split, const std::string& folder, const std::string& prefix) {
  Bytes images, labels;
  append_big_endian(images, 0x803);
  for (int64_t extent : {split.count, int64_t{split.height}, int64_t{split.width}})
    append_big_endian(images, static_cast<uint32_t>(extent));
  for (uint8_t pixel : split.pixels) images.push_back(static_cast<std::byte>(pixel));
  append_big_endian(labels, 0x801);
  append_big_endian(labels, static_cast<uint32_t>(split.count));
  for (int32_t label : split.labels) labels.push_back(static_cast<std::byte>(label));
  LITEQAT_RETURN_IF_ERROR(write_file(folder + "/" + prefix + "-images-idx3-ubyte", images));
  return write_file(folder + "/" + prefix + "-labels-idx1-ubyte", labels);
}

Status write_batch(const Split& split, int64_t begin, int64_t end, const std::string& path) {
  Bytes bytes;
  for (int64_t index = begin; index < end; ++index) {
    bytes.push_back(static_cast<std::byte>(split.labels[static_cast<size_t>(index)]));
    const auto image = split.image(index);
    for (size_t channel = 0; channel < 3; ++channel) {
      for (size_t i = channel; i < image.size(); i += 3) bytes.push_back(static_cast<std::byte>(image[i]));
    }
  }
  return write_file(path, bytes);
}

}  // namespace

Dataset make_synthetic(const SyntheticOptions& options) {
  Dataset dataset;
  dataset.name = "synthetic";
  for (int32_t label = 0; label < options.classes; ++label) dataset.class_names.push_back(format("{}", label));
  dataset.train = make_split(options, "train", options.train, 1);
  dataset.test = make_split(options, "test", options.test, 2);
  return dataset;
}

Status write_mnist(const Dataset& dataset, const std::string& folder) {
  LITEQAT_CHECK(dataset.train.height == 28 && dataset.train.width == 28 && dataset.train.channels == 1);
  LITEQAT_CHECK_LE(dataset.classes(), 10);
  for (const char* name : {"train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"}) {
    const std::string compressed = format("{}/{}-ubyte.gz", folder, name);
    if (file_exists(compressed)) return error(Code::kInvalidArgument, "{}: is there already; choose another folder", compressed);
  }
  LITEQAT_RETURN_IF_ERROR(make_folder(folder));
  LITEQAT_RETURN_IF_ERROR(write_idx(dataset.train, folder, "train"));
  return write_idx(dataset.test, folder, "t10k");
}

Status write_cifar10(const Dataset& dataset, const std::string& folder) {
  LITEQAT_CHECK(dataset.train.height == 32 && dataset.train.width == 32 && dataset.train.channels == 3 && dataset.train.count >= 5);
  LITEQAT_CHECK_EQ(dataset.classes(), 10);
  LITEQAT_RETURN_IF_ERROR(make_folder(folder));
  for (int64_t batch = 0; batch < 5; ++batch) {
    LITEQAT_RETURN_IF_ERROR(write_batch(dataset.train, dataset.train.count * batch / 5, dataset.train.count * (batch + 1) / 5,
                                        format("{}/data_batch_{}.bin", folder, batch + 1)));
  }
  LITEQAT_RETURN_IF_ERROR(write_batch(dataset.test, 0, dataset.test.count, folder + "/test_batch.bin"));
  std::string names;
  for (const std::string& name : dataset.class_names) names += name + "\n";
  return write_text_file(folder + "/batches.meta.txt", names);
}

}  // namespace liteqat::data
