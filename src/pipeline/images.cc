#include "pipeline/images.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "catalog/listing.h"

namespace liteqat::pipeline {
namespace {

using catalog::Need;

constexpr int32_t kLargestSide = 8192;

/// "224" or "192x256".
Status parse_size(const std::string& text, catalog::Shaping& shaping) {
  if (text.empty()) return {};
  const char *at = text.data(), *end = text.data() + text.size();
  const auto take = [&](int32_t& side) {
    const auto [next, fault] = std::from_chars(at, end, side);
    at = next;
    return fault == std::errc() && side >= 1 && side <= kLargestSide;
  };
  bool good = take(shaping.height);
  shaping.width = shaping.height;
  if (good && at != end && *at == 'x') {
    ++at;
    good = take(shaping.width);
  }
  if (good && at == end) return {};
  return error(Code::kInvalidArgument, "image size '{}': one side from 1 to {}, or height x width as in 192x256, is expected", text,
               kLargestSide);
}

/// What the model's input says where the request does not.
void take_model(const graph::Graph& model, bool labels, catalog::Request& request) {
  if (labels) request.model.names = model.info.labels;
  if (model.inputs.size() == 1) {
    const graph::Shape& shape = model.tensor(model.inputs[0]).shape;
    if (shape.size() == 4 && request.shaping.height == 0 && shape[1] > 0 && shape[2] > 0) {
      request.shaping.height = static_cast<int32_t>(shape[1]), request.shaping.width = static_cast<int32_t>(shape[2]);
    }
    const bool known = shape.size() == 4 && (shape[3] == 1 || shape[3] == 3);
    if (request.shaping.channels == 0 && known) request.shaping.channels = static_cast<int32_t>(shape[3]);
  }
  if (labels && model.outputs.size() == 1) {
    const graph::Shape& shape = model.tensor(model.outputs[0]).shape;
    if (!shape.empty()) request.model.scores = static_cast<int32_t>(shape.back());
  }
}

Result<catalog::Request> make_request(const DataRequest& asked) {
  const ImageRequest& images = asked.images;
  catalog::Request request;
  LITEQAT_RETURN_IF_ERROR(parse_size(images.size, request.shaping));
  if (!images.resize.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(request.shaping.kernel, data::parse_resize_kernel(images.resize));
  }
  if (!images.fit.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(request.shaping.fit, data::parse_fit(images.fit));
  }
  if (!images.channels.empty() && images.channels != "rgb" && images.channels != "bgr" && images.channels != "gray") {
    return error(Code::kInvalidArgument, "channels '{}': rgb, bgr or gray is expected", images.channels);
  }
  if (!images.channels.empty()) request.shaping.channels = images.channels == "gray" ? 1 : 3;
  request.shaping.bgr = images.channels == "bgr";
  request.labels_offset = images.labels_offset;
  request.need = asked.need;
  request.limit_images = asked.limit_images;
  return request;
}

/// The size of an array is no accident of a camera: it is kept unless another one is asked for.
void keep_array_size(const DataRequest& asked, catalog::Request& request) {
  if (asked.images.size.empty()) request.shaping.height = request.shaping.width = 0;
}

results::ImageReading describe(const data::Dataset& dataset, const catalog::Request& request, const std::string& labels) {
  const data::Split& split = dataset.test.count > 0 ? dataset.test : dataset.train;
  return {.kind = dataset.name,
          .height = split.height,
          .width = split.width,
          .channels = split.channels == 1   ? "gray"
                      : request.shaping.bgr ? "bgr"
                                            : "rgb",
          .resize = data::resize_kernel_name(request.shaping.kernel),
          .fit = data::fit_name(request.shaping.fit),
          .labels = labels};
}

/// MNIST and CIFAR-10 are refitted where that was asked for, never because a model is larger.
Result<DataReading> read_standard(const std::string& name, const DataRequest& asked, const catalog::Request& request, ThreadPool& pool) {
  DataReading reading;
  const auto training = asked.need == Need::kTest ? data::TrainingImages::kIfPresent : data::TrainingImages::kRequired;
  LITEQAT_ASSIGN_OR_RETURN(reading.dataset, data::read_dataset(name, asked.folder, training));
  data::Dataset& dataset = reading.dataset;
  const bool shaped = !asked.images.size.empty() || !asked.images.channels.empty();
  for (data::Split* split : {&dataset.train, &dataset.test}) {
    if (asked.limit_images > 0) *split = data::take_first(*split, asked.limit_images);
    if (shaped) catalog::reshape(*split, request.shaping, pool);
  }
  catalog::Reading labels;
  if (asked.images.labels_offset) LITEQAT_RETURN_IF_ERROR(catalog::relabel(dataset, request, labels));
  if (shaped || asked.images.labels_offset) reading.images = describe(dataset, request, labels.labels);
  return reading;
}

}  // namespace

Result<std::string> detect_dataset(const std::string& path) {
  if (!file_exists(path)) return error(Code::kNotFound, "{}: no such folder or file", path);
  for (const char* name : {"t10k-images-idx3-ubyte", "train-images-idx3-ubyte"}) {
    if (file_exists(path + "/" + name) || file_exists(path + "/" + name + ".gz")) return std::string("mnist");
  }
  for (const char* name : {"test_batch.bin", "data_batch_1.bin"}) {
    if (file_exists(path + "/" + name)) return std::string("cifar10");
  }
  const std::string own = catalog::detect(path);
  if (!own.empty()) return own;
  return error(
      Code::kNotFound,
      "{}: no data set recognised: neither MNIST (t10k-images-idx3-ubyte[.gz]) nor CIFAR-10 (test_batch.bin), nor a folder of images "
      "per class, nor manifest.csv, nor arrays (x_test.npy and y_test.npy)",
      path);
}

Result<DataReading> read_any_dataset(const DataRequest& asked, ThreadPool& pool) {
  LITEQAT_ASSIGN_OR_RETURN(catalog::Request request, make_request(asked));
  LITEQAT_ASSIGN_OR_RETURN(const std::string name, detect_dataset(asked.folder));
  if (name == "mnist" || name == "cifar10") return read_standard(name, asked, request, pool);
  if (asked.model != nullptr) take_model(*asked.model, asked.labels, request);
  if (name == "arrays") keep_array_size(asked, request);
  LITEQAT_ASSIGN_OR_RETURN(catalog::Reading own, catalog::read(asked.folder, request, pool));
  DataReading reading;
  reading.images = describe(own.dataset, request, own.labels);
  reading.notes = std::move(own.notes);
  reading.dataset = std::move(own.dataset);
  return reading;
}

bool names_images(const std::string& path) {
  std::error_code fault;
  return catalog::has_image_name(path) || std::filesystem::is_directory(path, fault);
}

Result<data::Split> read_unlabelled_images(const DataRequest& asked, ThreadPool& pool) {
  LITEQAT_ASSIGN_OR_RETURN(catalog::Request request, make_request(asked));
  if (asked.model != nullptr) take_model(*asked.model, asked.labels, request);
  LITEQAT_ASSIGN_OR_RETURN(data::Split split, catalog::read_unlabelled(asked.folder, request.shaping, pool));
  LITEQAT_RETURN_IF_ERROR(data::load_pixels(split, pool));
  return split;
}

Result<data::Split> read_calibration_images(DataRequest asked, ThreadPool& pool) {
  asked.need = Need::kTrain;
  asked.labels = false;
  asked.images.labels_offset.reset();
  const auto known = detect_dataset(asked.folder);
  if (known.ok()) {
    LITEQAT_ASSIGN_OR_RETURN(DataReading reading, read_any_dataset(asked, pool));
    return std::move(reading.dataset.train);
  }
  const bool array = asked.folder.ends_with(".npy");
  if (!file_exists(asked.folder) || !(array || names_images(asked.folder))) return known.status();
  LITEQAT_ASSIGN_OR_RETURN(catalog::Request request, make_request(asked));
  if (asked.model != nullptr) take_model(*asked.model, asked.labels, request);
  if (array) keep_array_size(asked, request);
  LITEQAT_ASSIGN_OR_RETURN(data::Split split, catalog::read_unlabelled(asked.folder, request.shaping, pool));
  split.name = "train";
  return split;
}

Result<data::Split> load_first(const data::Split& split, int64_t limit, ThreadPool& pool) {
  data::Split first = data::take_first(split, limit);
  LITEQAT_RETURN_IF_ERROR(data::load_pixels(first, pool));
  return first;
}

}  // namespace liteqat::pipeline
