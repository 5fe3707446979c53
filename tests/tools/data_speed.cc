// Images a second that one core makes ready for training: CIFAR-10's records decoded, shuffled, cropped, flipped, a square cut out,
// normalized to float batches. The records are pseudo-random bytes in files of the data set's format. Prints JSON.
// Usage: data_speed FOLDER [SECONDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/cpu.h"
#include "base/file.h"
#include "base/rng.h"
#include "data/batches.h"
#include "data/dataset.h"

namespace liteqat {
namespace {

constexpr int32_t kImagesPerFile = 2000, kBatch = 128;
constexpr size_t kRecordBytes = 1 + 3 * 32 * 32;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Status write_data_set(const std::string& folder) {
  LITEQAT_RETURN_IF_ERROR(make_folder(folder));
  Rng rng(1);
  for (const char* name : {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"}) {
    Bytes records(kImagesPerFile * kRecordBytes);
    for (size_t at = 0; at < records.size(); ++at) {
      records[at] = static_cast<std::byte>(rng.next_below(at % kRecordBytes == 0 ? 10 : 256));
    }
    LITEQAT_RETURN_IF_ERROR(write_file(format("{}/{}.bin", folder, name), records));
  }
  return {};
}

/// Each burst reads the data set and goes once over its training images.
Status run(const std::string& folder, double seconds) {
  LITEQAT_RETURN_IF_ERROR(write_data_set(folder));
  std::vector<double> rates;
  double decode_seconds = 0, total_seconds = 0;
  float sum = 0;  // keeps the results alive
  for (int32_t epoch = 0; total_seconds < seconds; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    LITEQAT_ASSIGN_OR_RETURN(const data::Dataset dataset, data::read_dataset("cifar10", folder));
    decode_seconds += seconds_since(start);
    const data::Split& train = dataset.train;
    const data::BatchFiller filler(train, {{125.3f, 122.95f, 113.87f}, {62.99f, 62.09f, 66.7f}},
                                   {.crop_padding = 4, .horizontal_flip = true, .cutout = 8}, 7);
    const std::vector<int32_t> order = data::epoch_order(7, epoch, train.count, true);
    std::vector<float> batch(static_cast<size_t>(kBatch * train.image_elems()));
    for (size_t begin = 0; begin < order.size(); begin += kBatch) {
      filler.fill(std::span(order).subspan(begin, std::min<size_t>(kBatch, order.size() - begin)), epoch, batch);
      sum += batch[begin % batch.size()];
    }
    const double took = seconds_since(start);
    total_seconds += took;
    rates.push_back(static_cast<double>(train.count) / took);
  }
  std::sort(rates.begin(), rates.end());
  std::printf(
      "{\"cpu\": \"%s\", \"threads\": 1, \"bursts\": %zu, \"images_per_burst\": %d, \"images_per_second\": %.0f, "
      "\"slowest\": %.0f, \"fastest\": %.0f, \"decode_share\": %.3f, \"checksum\": %.3f}\n",
      cpu_model().c_str(), rates.size(), 5 * kImagesPerFile, rates[rates.size() / 2], rates.front(), rates.back(),
      decode_seconds / total_seconds, static_cast<double>(sum));
  return {};
}

}  // namespace
}  // namespace liteqat

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: data_speed FOLDER [SECONDS]\n");
    return 2;
  }
  const liteqat::Status status = liteqat::run(argv[1], argc > 2 ? std::atof(argv[2]) : 5.0);
  if (!status.ok()) std::fprintf(stderr, "data_speed: %s\n", status.message().c_str());
  return status.ok() ? 0 : 3;
}
