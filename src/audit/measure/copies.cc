#include "audit/measure/copies.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
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

constexpr size_t kGrid = 16;   // of the reduced image that correlations are taken on
constexpr size_t kCoarse = 4;  // of the image that rejects most pairs
constexpr size_t kCoarseElems = kCoarse * kCoarse;
constexpr size_t kTile = 256;  // images whose prints, 1.1 KB each, stay in a core's second-level cache

/// Per image: the hash, a reduced grey image of unit norm without its mean, and that one's projection on kCoarse x kCoarse blocks, with
/// what the projection leaves of the norm.
using Reduced = std::array<float, kGrid * kGrid>;
using Coarse = std::array<float, kCoarseElems>;
struct Print {
  uint64_t hash = 0;
  Reduced reduced = {};
  Coarse coarse = {};
  float rest = 0;
};
struct Prints {
  std::vector<uint64_t> hashes;
  std::vector<Reduced> reduced;
  std::vector<Coarse> coarse;
  std::vector<float> rests;
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

/// Onto vectors that are one on a block of cells and zero elsewhere, made unit length: an orthogonal projection shortens every difference.
void project(Print& print) {
  constexpr size_t kSide = kGrid / kCoarse;
  float squares = 0, kept = 0;
  for (size_t i = 0; i < print.reduced.size(); ++i) {
    print.coarse[i / kGrid / kSide * kCoarse + i % kGrid / kSide] += print.reduced[i] / static_cast<float>(kSide);
    squares += print.reduced[i] * print.reduced[i];
  }
  for (const float value : print.coarse) kept += value * value;
  print.rest = std::sqrt(std::max(0.0f, squares - kept));
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
  project(print);
  return print;
}

Prints prints_of(const Split& split, ThreadPool& pool, bool mirrored = false) {
  const auto count = static_cast<size_t>(split.count);
  Prints prints = {std::vector<uint64_t>(count), std::vector<Reduced>(count), std::vector<Coarse>(count), std::vector<float>(count)};
  constexpr int64_t kBlock = 1024;
  pool.run(static_cast<int>((split.count + kBlock - 1) / kBlock), [&](int block, int) {
    for (int64_t i = block * kBlock; i < std::min(split.count, (block + 1) * kBlock); ++i) {
      const Print print = print_of(split, i, mirrored);
      const auto at = static_cast<size_t>(i);
      prints.hashes[at] = print.hash, prints.reduced[at] = print.reduced;
      prints.coarse[at] = print.coarse, prints.rests[at] = print.rest;
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

/// Unit vectors a and b correlate by r where |a - b|^2 = 2 - 2 r, and |a - b|^2 is at least that of their projections plus the squared
/// difference of the rests' lengths (triangle inequality). Sums of 256 products in float32 are off by less than 1e-4 here.
constexpr float kFarthest = 2 - 2 * static_cast<float>(kNearCorrelation) + 1e-3f;

/// True only if the pair cannot correlate by kNearCorrelation: a sixteenth of the work, and most pairs that the hash lets pass go.
bool too_far(const Coarse& a, const Coarse& b, float rest_a, float rest_b) {
  Coarse squares;
  for (size_t i = 0; i < a.size(); ++i) squares[i] = (a[i] - b[i]) * (a[i] - b[i]);
  constexpr size_t kLanes = 4;
  std::array<float, kLanes> sums = {};
  for (size_t i = 0; i < a.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += squares[i + lane];
  }
  const float rest = rest_a - rest_b;
  return sums[0] + sums[1] + sums[2] + sums[3] + rest * rest > kFarthest;
}

/// A near duplicate of `index` among others [begin, end), `skip` left out; -1: none.
int64_t find_near_among(const Prints& prints, size_t index, const Prints& others, size_t begin, size_t end, int64_t skip) {
  const uint64_t hash = prints.hashes[index];
  std::array<uint8_t, kTile> distances;
  for (size_t i = begin; i < end; ++i) distances[i - begin] = bit_distance(hash, others.hashes[i]);
  for (size_t i = begin; i < end; ++i) {
    if (distances[i - begin] > kNearBits || static_cast<int64_t>(i) == skip) continue;
    if (too_far(prints.coarse[index], others.coarse[i], prints.rests[index], others.rests[i])) continue;
    if (correlate(prints.reduced[index], others.reduced[i]) >= static_cast<float>(kNearCorrelation)) return static_cast<int64_t>(i);
  }
  return -1;
}

/// An image to look up, and the first near duplicate that was found; -1: none.
struct Lookup {
  size_t index = 0;
  int64_t skip = -1;  // not among the others
  int64_t found = -1;
};

/// Fills `found` of every lookup that has none. Tile by tile of the others for all lookups, so that a tile is in the cache for all but the
/// first: handwriting has so many pairs of like hash that memory would be waited for.
void find_near_tiled(const Prints& prints, const Prints& others, std::span<Lookup> lookups) {
  if (prints.hashes.empty()) return;
  const size_t count = others.hashes.size();
  std::vector<Lookup*> open;
  for (Lookup& lookup : lookups) {
    if (lookup.found < 0) open.push_back(&lookup);
  }
  for (size_t begin = 0; begin < count && !open.empty(); begin += kTile) {
    const size_t end = std::min(count, begin + kTile);
    for (Lookup* lookup : open) lookup->found = find_near_among(prints, lookup->index, others, begin, end, lookup->skip);
    std::erase_if(open, [](const Lookup* lookup) { return lookup->found >= 0; });
  }
}

/// Images as they are and mirrored: training often mirrors, and so does who hides a copy. Grey images are mostly writing, whose mirror
/// image is another sign: `mirrored` is empty.
struct BothPrints {
  Prints plain, mirrored;
};

BothPrints both_prints_of(const Split& split, ThreadPool& pool) {
  return {prints_of(split, pool), split.channels == 3 ? prints_of(split, pool, true) : Prints{}};
}

/// Near duplicates of the images or of their mirror images.
void find_near(const BothPrints& prints, const Prints& others, std::vector<Lookup>& lookups, ThreadPool& pool) {
  constexpr size_t kBlock = 64;
  pool.run(static_cast<int>((lookups.size() + kBlock - 1) / kBlock), [&](int block, int) {
    const size_t first = static_cast<size_t>(block) * kBlock;
    const auto some = std::span(lookups).subspan(first, std::min(kBlock, lookups.size() - first));
    find_near_tiled(prints.plain, others, some);
    find_near_tiled(prints.mirrored, others, some);
  });
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
  std::vector<Lookup> near(test.plain.hashes.size());
  for (size_t i = 0; i < near.size(); ++i) near[i].index = i;
  find_near(test, train.plain, near, pool);
  std::vector<Lookup> inside(std::min(test.plain.hashes.size(), train.plain.hashes.size()));
  for (size_t i = 0; i < inside.size(); ++i) {
    inside[i].index = i * train.plain.hashes.size() / inside.size();
    inside[i].skip = static_cast<int64_t>(inside[i].index);
  }
  find_near(train, train.plain, inside, pool);
  for (size_t i = 0; i < near.size(); ++i) {
    if (near[i].found < 0 || exact[i] >= 0) continue;
    ++copies.near;
    if (copies.pairs.size() < 2 * kPairsShown) copies.pairs.insert(copies.pairs.end(), {static_cast<int64_t>(i), near[i].found});
  }
  for (const Lookup& lookup : inside) copies.baseline_hits += lookup.found >= 0;
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
