#include "data/pool.h"

#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace liteqat::data {
namespace {

Status check_alike(const NamedDataset& first, const NamedDataset& other) {
  const Dataset &a = first.dataset, &b = other.dataset;
  if (a.name != b.name) {
    return error(Code::kMismatch, "{}: holds {}, {} holds {}: only folders of one data set can be pooled", other.folder, b.name,
                 first.folder, a.name);
  }
  if (a.classes() != b.classes()) {
    return error(Code::kMismatch, "{}: {} classes, {} has {}: only folders of one data set can be pooled", other.folder, b.classes(),
                 first.folder, a.classes());
  }
  for (size_t label = 0; label < a.class_names.size(); ++label) {
    if (a.class_names[label] == b.class_names[label]) continue;
    return error(Code::kMismatch, "{}: calls class {} '{}', {} calls it '{}': only folders of one data set can be pooled", other.folder,
                 label, b.class_names[label], first.folder, a.class_names[label]);
  }
  if (a.test.height != b.test.height || a.test.width != b.test.width || a.test.channels != b.test.channels) {
    return error(Code::kMismatch, "{}: images of {}x{}x{}, {} has {}x{}x{}: only images of one size can be pooled", other.folder,
                 b.test.height, b.test.width, b.test.channels, first.folder, a.test.height, a.test.width, a.test.channels);
  }
  return {};
}

/// Folder and index of the first image with these bytes.
using Places = std::unordered_map<std::string_view, std::pair<size_t, int64_t>>;

/// Images of one folder that another one holds too.
struct Shared {
  int64_t count = 0, relabelled = 0;
  int64_t index = -1, original = -1;  // the first of them, here and there
};

void append(const Split& from, int64_t index, Split& to) {
  const auto image = from.image(index);
  to.pixels.insert(to.pixels.end(), image.begin(), image.end());
  to.labels.push_back(from.labels[static_cast<size_t>(index)]);
  if (!from.files.empty()) to.files.push_back(from.files[static_cast<size_t>(index)]);
  ++to.count;
}

void add_remarks(const std::vector<NamedDataset>& sets, size_t set, const std::vector<Shared>& shared, std::vector<std::string>& remarks) {
  for (size_t earlier = 0; earlier < set; ++earlier) {
    const Shared& copies = shared[earlier];
    if (copies.count == 0) continue;
    remarks.push_back(format("{} of {} test images of {} are copies of test images of {} (first: image {} is image {}); they count once.",
                             format_count(copies.count), format_count(sets[set].dataset.test.count), sets[set].folder, sets[earlier].folder,
                             copies.index, copies.original));
    if (copies.relabelled > 0) {
      remarks.push_back(format("{} of these copies have another label in {} than in {}; the first one is kept.",
                               format_count(copies.relabelled), sets[set].folder, sets[earlier].folder));
    }
  }
}

/// Test images of one folder among another's training images. Inside one folder `data check` and split.leak ask.
void add_leaks(const std::vector<NamedDataset>& sets, std::vector<std::string>& remarks) {
  for (const NamedDataset& trained : sets) {
    if (!trained.dataset.train.loaded()) continue;
    std::unordered_map<std::string_view, int64_t> training;
    for (int64_t i = 0; i < trained.dataset.train.count; ++i) training.emplace(trained.dataset.train.content(i), i);
    for (const NamedDataset& tested : sets) {
      if (&tested == &trained) continue;
      int64_t count = 0, index = -1, original = -1;
      for (int64_t i = 0; i < tested.dataset.test.count; ++i) {
        const auto found = training.find(tested.dataset.test.content(i));
        if (found != training.end() && count++ == 0) index = i, original = found->second;
      }
      if (count == 0) continue;
      remarks.push_back(format(
          "{} test images of {} are copies of training images of {} (first: test image {} is training image {}): a model trained there "
          "has seen them.",
          format_count(count), tested.folder, trained.folder, index, original));
    }
  }
}

/// A pool of one folder is that folder; its images need not be in memory.
Pool whole_folder(NamedDataset set) {
  Pool pool;
  pool.held = set.dataset.test.count;
  pool.parts.push_back({.folder = set.folder, .begin = 0, .count = pool.held, .held = pool.held});
  pool.rows.resize(static_cast<size_t>(pool.held));
  std::iota(pool.rows.begin(), pool.rows.end(), 0);
  pool.dataset = std::move(set.dataset);
  return pool;
}

}  // namespace

Result<Pool> pool_test_images(std::vector<NamedDataset> sets) {
  LITEQAT_CHECK(!sets.empty());
  if (sets.size() == 1) return whole_folder(std::move(sets[0]));
  for (const NamedDataset& other : sets) LITEQAT_RETURN_IF_ERROR(check_alike(sets[0], other));
  Pool pool;
  Places places;
  Split& pooled = pool.dataset.test;
  pooled.name = "test";
  pooled.height = sets[0].dataset.test.height, pooled.width = sets[0].dataset.test.width;
  pooled.channels = sets[0].dataset.test.channels, pooled.sha256 = sets[0].dataset.test.sha256;
  for (size_t set = 0; set < sets.size(); ++set) {
    const Split& split = sets[set].dataset.test;
    PoolPart part = {.folder = sets[set].folder, .begin = pooled.count, .held = split.count};
    std::vector<Shared> shared(set);
    for (int64_t i = 0; i < split.count; ++i) {
      const auto [place, added] = places.emplace(split.content(i), std::pair(set, i));
      const auto [earlier, original] = place->second;
      if (earlier < set) {
        Shared& copies = shared[earlier];
        if (copies.count++ == 0) copies.index = i, copies.original = original;
        copies.relabelled += split.labels[static_cast<size_t>(i)] != sets[earlier].dataset.test.labels[static_cast<size_t>(original)];
        continue;
      }
      append(split, i, pooled);
      pool.rows.push_back(pool.held + i);
    }
    part.count = pooled.count - part.begin;
    pool.held += split.count;
    pool.parts.push_back(std::move(part));
    add_remarks(sets, set, shared, pool.remarks);
  }
  add_leaks(sets, pool.remarks);
  pool.dataset.name = sets[0].dataset.name, pool.dataset.class_names = std::move(sets[0].dataset.class_names);
  pool.dataset.train = std::move(sets[0].dataset.train);
  return pool;
}

}  // namespace liteqat::data
