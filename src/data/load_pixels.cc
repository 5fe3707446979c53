#include <unistd.h>

#include <algorithm>

#include "base/progress.h"
#include "base/text.h"
#include "data/dataset.h"
#include "hash/sha256.h"

namespace liteqat::data {
namespace {

constexpr size_t kNamed = 5;    // broken images that a message names
constexpr int64_t kRound = 64;  // images between two looks at the interrupt

Status check_memory(const Split& split) {
  const auto pages = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)), page = static_cast<int64_t>(::sysconf(_SC_PAGESIZE));
  const int64_t memory = pages * page / 4 * 3;
  if (split.count <= memory / std::max<int64_t>(split.image_elems(), 1)) return {};
  return error(Code::kOutOfRange,
               "{}: {} images of {}x{}x{} are {}, more than three quarters of this machine's memory; take smaller or fewer images",
               split.name, format_count(split.count), split.height, split.width, split.channels,
               format_bytes(split.count * split.image_elems()));
}

Status broken_images(const std::vector<Status>& faults) {
  std::vector<std::string> named;
  size_t count = 0;
  Code code = Code::kCorruptFile;
  for (const Status& fault : faults) {
    if (fault.ok()) continue;
    if (count++ == 0) code = fault.code();
    if (named.size() < kNamed) named.push_back(fault.message());
  }
  if (count == 0) return {};
  if (count == 1) return Status(code, named[0]);
  const std::string more = count > kNamed ? format("; and {} more", count - kNamed) : "";
  return error(code, "{} images cannot be read: {}{}", count, join(named, "; "), more);
}

/// Of pixels and labels.
std::string checksum(const Split& split) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(split.pixels)));
  hash.update(std::as_bytes(std::span(split.labels)));
  return hash.finish();
}

}  // namespace

Status load_pixels(Split& split, ThreadPool& pool) {
  if (split.loaded()) return {};
  LITEQAT_RETURN_IF_ERROR(check_memory(split));
  const auto elems = static_cast<size_t>(split.image_elems());
  std::vector<uint8_t> pixels(static_cast<size_t>(split.count) * elems);
  std::vector<Status> faults(static_cast<size_t>(split.count));
  for (int64_t first = 0; first < split.count; first += kRound) {
    if (interrupt_requested()) return Status(Code::kInterrupted, "reading images was interrupted");
    pool.run(static_cast<int>(std::min(kRound, split.count - first)), [&](int task, int) {
      const auto index = static_cast<size_t>(first + task);
      faults[index] = split.read(first + task, std::span(pixels).subspan(index * elems, elems));
    });
  }
  LITEQAT_RETURN_IF_ERROR(broken_images(faults));
  split.pixels = std::move(pixels);
  split.source = nullptr;
  split.rows.clear();
  split.sha256 = checksum(split);
  return {};
}

}  // namespace liteqat::data
