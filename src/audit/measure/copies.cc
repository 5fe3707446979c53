#include "audit/measure/copies.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "data/check_dataset.h"

namespace liteqat::audit {
namespace {

using data::Split;
using ByContent = std::unordered_map<std::string_view, int64_t>;

std::string_view content(const Split& split, int64_t index) {
  const auto image = split.image(index);
  return {reinterpret_cast<const char*>(image.data()), image.size()};
}

constexpr size_t kGrid = 16;  // of the reduced image that correlations are taken on

/// Per image: the hash, and a reduced grey image of unit norm without its mean.
using Reduced = std::array<float, kGrid * kGrid>;
struct Print {
  uint64_t hash = 0;
  Reduced reduced = {};
};
struct Prints {
  std::vector<uint64_t> hashes;
  std::vector<Reduced> reduced;
};

/// Mean grey value of the cells of a rows x columns grid laid over the image, or over its mirror image.
template <size_t kRows, size_t kColumns>
std::array<float, kRows * kColumns> reduce(const Split& split, int64_t index, bool mirrored) {
  std::array<float, kRows* kColumns> sums = {};
  std::array<int32_t, kRows* kColumns> counts = {};
  const auto image = split.image(index);
  const auto height = static_cast<size_t>(split.height), width = static_cast<size_t>(split.width);
  const auto channels = static_cast<size_t>(split.channels);
  for (size_t y = 0; y < height; ++y) {
    for (size_t x = 0; x < width; ++x) {
      int32_t grey = 0;
      const size_t from = mirrored ? width - 1 - x : x;
      for (size_t c = 0; c < channels; ++c) grey += image[(y * width + from) * channels + c];
      const size_t cell = y * kRows / height * kColumns + x * kColumns / width;
      sums[cell] += static_cast<float>(grey), ++counts[cell];
    }
  }
  for (size_t i = 0; i < sums.size(); ++i) sums[i] = counts[i] ? sums[i] / static_cast<float>(counts[i]) : 0;
  return sums;
}

Print print_of(const Split& split, int64_t index, bool mirrored) {
  Print print;
  const auto cells = reduce<8, 9>(split, index, mirrored);
  for (size_t row = 0; row < 8; ++row) {
    for (size_t column = 0; column < 8; ++column) {
      print.hash = print.hash << 1 | (cells[row * 9 + column] < cells[row * 9 + column + 1]);
    }
  }
  print.reduced = reduce<kGrid, kGrid>(split, index, mirrored);
  float mean = 0, squares = 0;
  for (const float value : print.reduced) mean += value / static_cast<float>(print.reduced.size());
  for (float& value : print.reduced) value -= mean, squares += value * value;
  const float norm = squares > 0 ? 1 / std::sqrt(squares) : 0;
  for (float& value : print.reduced) value *= norm;
  return print;
}

Prints prints_of(const Split& split, ThreadPool& pool, bool mirrored = false) {
  const auto count = static_cast<size_t>(split.count);
  Prints prints = {std::vector<uint64_t>(count), std::vector<Reduced>(count)};
  constexpr int64_t kBlock = 1024;
  pool.run(static_cast<int>((split.count + kBlock - 1) / kBlock), [&](int block, int) {
    for (int64_t i = block * kBlock; i < std::min(split.count, (block + 1) * kBlock); ++i) {
      const Print print = print_of(split, i, mirrored);
      prints.hashes[static_cast<size_t>(i)] = print.hash, prints.reduced[static_cast<size_t>(i)] = print.reduced;
    }
  });
  return prints;
}

/// Bits that differ, by adding ever wider fields: plain integer operations that the compiler turns into vector code.
uint8_t bit_distance(uint64_t a, uint64_t b) {
  uint64_t x = a ^ b;
  x -= x >> 1 & 0x5555555555555555u;
  x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
  x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
  x += x >> 8;
  x += x >> 16;
  x += x >> 32;
  return static_cast<uint8_t>(x & 0x7F);
}

float correlate(const Reduced& a, const Reduced& b) {
  constexpr size_t kLanes = 16;
  std::array<float, kLanes> sums = {};
  for (size_t i = 0; i < a.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (const float part : sums) sum += part;
  return sum;
}

/// A near duplicate among `others`, `skip` left out; -1: none.
int64_t find_one_near(const Prints& prints, size_t index, const Prints& others, int64_t skip) {
  constexpr size_t kBlock = 512;
  std::array<uint8_t, kBlock> distances;
  const uint64_t hash = prints.hashes[index];
  for (size_t begin = 0; begin < others.hashes.size(); begin += kBlock) {
    const size_t count = std::min(kBlock, others.hashes.size() - begin);
    for (size_t i = 0; i < count; ++i) distances[i] = bit_distance(hash, others.hashes[begin + i]);
    for (size_t i = 0; i < count; ++i) {
      if (distances[i] > kNearBits || static_cast<int64_t>(begin + i) == skip) continue;
      if (correlate(prints.reduced[index], others.reduced[begin + i]) >= static_cast<float>(kNearCorrelation)) {
        return static_cast<int64_t>(begin + i);
      }
    }
  }
  return -1;
}

/// Images as they are and mirrored: training often mirrors, and so does who hides a copy. Grey images are mostly writing, whose mirror
/// image is another sign: `mirrored` is empty.
struct BothPrints {
  Prints plain, mirrored;
};

BothPrints both_prints_of(const Split& split, ThreadPool& pool) {
  return {prints_of(split, pool), split.channels == 3 ? prints_of(split, pool, true) : Prints{}};
}

/// A near duplicate of the image or of its mirror image.
int64_t find_near(const BothPrints& prints, size_t index, const Prints& others, int64_t skip) {
  const int64_t found = find_one_near(prints.plain, index, others, skip);
  return found >= 0 || prints.mirrored.hashes.empty() ? found : find_one_near(prints.mirrored, index, others, skip);
}

int64_t count_duplicates(const Split& split) {
  ByContent seen;
  int64_t duplicates = 0;
  for (int64_t i = 0; i < split.count; ++i) duplicates += !seen.emplace(content(split, i), i).second;
  return duplicates;
}

constexpr size_t kPairsShown = 100;

void look_up_near(const data::Dataset& dataset, const std::vector<int64_t>& exact, ThreadPool& pool, CopyCounts& copies) {
  const BothPrints train = both_prints_of(dataset.train, pool), test = both_prints_of(dataset.test, pool);
  std::vector<int64_t> near(test.plain.hashes.size(), -1), inside(std::min(test.plain.hashes.size(), train.plain.hashes.size()), -1);
  constexpr int kBlock = 64;
  const auto blocks = [&](size_t count) { return static_cast<int>((count + kBlock - 1) / kBlock); };
  pool.run(blocks(near.size()), [&](int block, int) {
    for (size_t i = static_cast<size_t>(block) * kBlock; i < std::min(near.size(), (static_cast<size_t>(block) + 1) * kBlock); ++i) {
      near[i] = find_near(test, i, train.plain, -1);
    }
  });
  pool.run(blocks(inside.size()), [&](int block, int) {
    for (size_t i = static_cast<size_t>(block) * kBlock; i < std::min(inside.size(), (static_cast<size_t>(block) + 1) * kBlock); ++i) {
      const size_t index = i * train.plain.hashes.size() / inside.size();
      inside[i] = find_near(train, index, train.plain, static_cast<int64_t>(index));
    }
  });
  for (size_t i = 0; i < near.size(); ++i) {
    if (near[i] < 0 || exact[i] >= 0) continue;
    ++copies.near;
    if (copies.pairs.size() < 2 * kPairsShown) copies.pairs.insert(copies.pairs.end(), {static_cast<int64_t>(i), near[i]});
  }
  for (const int64_t found : inside) copies.baseline_hits += found >= 0;
  copies.baseline_checked = static_cast<int64_t>(inside.size());
  copies.baseline = static_cast<double>(copies.baseline_hits) / static_cast<double>(std::max<int64_t>(1, copies.baseline_checked));
}

}  // namespace

DataEvidence study_data(const data::Dataset& dataset, ThreadPool& pool) {
  DataEvidence evidence;
  evidence.name = dataset.name, evidence.classes = dataset.classes();
  evidence.train = dataset.train.count, evidence.test = dataset.test.count;
  evidence.test_counts = data::count_labels(dataset.test, dataset.classes());
  evidence.train_counts = data::count_labels(dataset.train, dataset.classes());
  evidence.duplicates_train = count_duplicates(dataset.train);
  evidence.duplicates_test = count_duplicates(dataset.test);
  ByContent in_train;
  for (int64_t i = 0; i < dataset.train.count; ++i) in_train.emplace(content(dataset.train, i), i);
  CopyCounts& copies = evidence.across;
  copies.checked = dataset.test.count;
  std::vector<int64_t> exact(static_cast<size_t>(dataset.test.count), -1);
  for (int64_t i = 0; i < dataset.test.count; ++i) {
    const auto found = in_train.find(content(dataset.test, i));
    if (found == in_train.end()) continue;
    exact[static_cast<size_t>(i)] = found->second;
    if (copies.pairs.size() < 2 * kPairsShown) copies.pairs.insert(copies.pairs.end(), {i, found->second});
    ++copies.exact;
  }
  look_up_near(dataset, exact, pool, copies);
  return evidence;
}

}  // namespace liteqat::audit
