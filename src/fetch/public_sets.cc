#include "fetch/public_sets.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "fetch/archive.h"
#include "fetch/download.h"
#include "hash/sha256.h"

namespace liteqat::fetch {
namespace {

struct IdxFile {
  const char *name, *sha256;  // of the unpacked file
};
constexpr const char* kMnistUrl = "https://ossci-datasets.s3.amazonaws.com/mnist";
constexpr IdxFile kMnist[] = {
    {"train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
    {"train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
    {"t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
    {"t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
};
constexpr int64_t kLargestIdx = 64 << 20;

constexpr const char* kCifar10Url = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";
constexpr const char* kCifar10Sha256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd";
constexpr const char* kCifar10Files[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                                         "data_batch_5.bin", "test_batch.bin",   "batches.meta.txt"};
constexpr int64_t kLargestArchive = 256 << 20, kLargestUnpacked = 512 << 20;  // 170,052,171 and 184,385,536 bytes in the original

bool is_right_idx(const std::string& path, const IdxFile& file) {
  const auto stored = read_file(path, kLargestIdx);
  if (!stored.ok()) return false;
  const auto unpacked = inflate_gzip(*stored, kLargestIdx, path);
  return unpacked.ok() && sha256(*unpacked) == file.sha256;
}

void forget(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
}

Status keep(const std::string& path) {
  std::error_code fault;
  std::filesystem::rename(part_path(path), path, fault);
  if (fault) return error(Code::kIo, "{}: cannot be renamed: {}", part_path(path), fault.message());
  return {};
}

Status fetch_idx(const FetchRequest& request, const IdxFile& file, Progress& progress) {
  const std::string base = request.url.empty() ? kMnistUrl : request.url;
  const std::string name = std::string(file.name) + ".gz", path = request.folder + "/" + name;
  const std::string url = base + (base.ends_with('/') ? "" : "/") + name;
  LITEQAT_RETURN_IF_ERROR(download({url, path, kLargestIdx}, progress));
  if (is_right_idx(part_path(path), file)) return keep(path);
  forget(part_path(path));
  return error(Code::kMismatch, "{}: is not MNIST's {}: its contents have another SHA-256 than {}; nothing was kept", url, file.name,
               file.sha256);
}

Result<std::string> fetch_mnist(const FetchRequest& request, Progress& progress) {
  if (!request.sha256.empty()) return error(Code::kInvalidArgument, "--sha256: MNIST's four files are checked by their own");
  int fetched = 0;
  for (const IdxFile& file : kMnist) {
    if (is_right_idx(request.folder + "/" + file.name + ".gz", file)) continue;
    LITEQAT_RETURN_IF_ERROR(fetch_idx(request, file, progress));
    ++fetched;
  }
  return format("{}: MNIST, {} files fetched, {} were there already; contents have the right SHA-256", request.folder, fetched,
                4 - fetched);
}

Status unpack_cifar10(const std::string& archive, const std::string& folder, const std::string& url) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes packed, read_file(archive, kLargestArchive));
  LITEQAT_ASSIGN_OR_RETURN(const Bytes unpacked, inflate_gzip(packed, kLargestUnpacked, url));
  LITEQAT_ASSIGN_OR_RETURN(const auto members, list_tar(unpacked, url));
  for (const char* name : kCifar10Files) {
    if (!members.contains(name)) return error(Code::kCorruptFile, "{}: holds no {}", url, name);
  }
  for (const char* name : kCifar10Files) LITEQAT_RETURN_IF_ERROR(write_file(folder + "/" + name, members.at(name)));
  return {};
}

Result<std::string> fetch_cifar10(const FetchRequest& request, Progress& progress) {
  const auto there = [&](const char* name) { return file_exists(request.folder + "/" + name); };
  if (std::all_of(std::begin(kCifar10Files), std::end(kCifar10Files), there)) {
    return format("{}: CIFAR-10's seven files are there already", request.folder);
  }
  const std::string url = request.url.empty() ? kCifar10Url : request.url, path = request.folder + "/cifar-10-binary.tar.gz";
  LITEQAT_RETURN_IF_ERROR(download({url, path, kLargestArchive}, progress));
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(part_path(path), kLargestArchive));
  const std::string expected = request.sha256.empty() ? kCifar10Sha256 : request.sha256, found = sha256(bytes);
  const Status unpacked = found == expected ? unpack_cifar10(part_path(path), request.folder, url)
                                            : error(Code::kMismatch, "{}: SHA-256 {}, expected {}; nothing was kept", url, found, expected);
  forget(part_path(path));
  if (!unpacked.ok()) return unpacked;
  return format("{}: CIFAR-10, seven files from an archive with the right SHA-256", request.folder);
}

}  // namespace

Result<std::string> fetch_dataset(const FetchRequest& request, Progress& progress) {
  const std::vector<std::string> known = {"mnist", "cifar10"};
  if (std::find(known.begin(), known.end(), request.name) == known.end()) {
    return error(Code::kInvalidArgument, "data fetch {}: unknown, expected mnist or cifar10; did you mean '{}'?", request.name,
                 nearest_name(request.name, known));
  }
  LITEQAT_RETURN_IF_ERROR(make_folder(request.folder));
  return request.name == "mnist" ? fetch_mnist(request, progress) : fetch_cifar10(request, progress);
}

}  // namespace liteqat::fetch
