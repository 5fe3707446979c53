// Fuzz target: any bytes as the files of a data set. The first byte says which reader and which of its files; the others are good ones.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "data/dataset.h"
#include "data/synthetic.h"

namespace {

/// Folders with good files, made once a process; removed at its end.
struct Folders {
  Folders() : top((std::filesystem::temp_directory_path() / ("liteqat_dataset_fuzz_" + std::to_string(::getpid()))).string()) {
    using namespace liteqat::data;
    const bool made =
        liteqat::make_folder(top + "/mnist").ok() && liteqat::make_folder(top + "/cifar10").ok() &&
        write_mnist(make_synthetic({.train = 5, .test = 5}), top + "/mnist").ok() &&
        write_cifar10(make_synthetic({.train = 5, .test = 5, .height = 32, .width = 32, .channels = 3}), top + "/cifar10").ok();
    if (!made) std::abort();
  }
  ~Folders() { std::filesystem::remove_all(top); }
  std::string top;
};

constexpr const char* kMnist[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
constexpr const char* kCifar10[] = {"data_batch_1.bin", "data_batch_5.bin", "test_batch.bin", "batches.meta.txt"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Folders folders;
  if (size == 0) return 0;
  const bool mnist = data[0] % 2 == 0;
  const std::string folder = folders.top + (mnist ? "/mnist" : "/cifar10");
  const std::string victim = folder + "/" + (mnist ? kMnist : kCifar10)[data[0] / 2 % 4];
  const std::string kept = victim + ".kept";
  std::filesystem::rename(victim, kept);
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  if (!liteqat::append_to_file(victim, bytes).ok()) std::abort();
  const auto dataset = mnist ? liteqat::data::read_mnist(folder) : liteqat::data::read_cifar10(folder);
  if (dataset.ok() && static_cast<size_t>(dataset->train.count) != dataset->train.labels.size()) std::abort();
  std::filesystem::rename(kept, victim);
  return 0;
}
