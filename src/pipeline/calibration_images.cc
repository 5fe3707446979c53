#include "pipeline/calibration_images.h"

#include <algorithm>
#include <set>

#include "base/format.h"
#include "base/hash.h"
#include "data/batches.h"

namespace liteqat::pipeline {

Result<data::Split> choose_calibration_images(const data::Split& train, const CalibrationRule& rule) {
  if (train.count == 0) return error(Code::kOutOfRange, "the data set has no training images to calibrate with");
  if (rule.order == "first") return data::take_first(train, rule.images);
  if (rule.order != "drawn") {
    return error(Code::kInvalidArgument, "--calibration-order {}: expected drawn or first", rule.order);
  }
  std::vector<int32_t> order = data::epoch_order(rule.seed, 0, train.count, true);
  order.resize(static_cast<size_t>(std::min(rule.images, train.count)));
  std::ranges::sort(order);
  data::Split chosen;
  chosen.name = train.name;
  chosen.count = static_cast<int64_t>(order.size());
  chosen.height = train.height, chosen.width = train.width, chosen.channels = train.channels;
  chosen.sha256 = train.sha256;
  for (int32_t index : order) {
    const auto image = train.image(index);
    chosen.pixels.insert(chosen.pixels.end(), image.begin(), image.end());
    chosen.labels.push_back(train.labels[static_cast<size_t>(index)]);
  }
  return chosen;
}

std::string rule_text(const CalibrationRule& rule, const data::Split& chosen, const data::Split& train) {
  if (rule.order == "first") return format("the first {} of {} images of {}", chosen.count, train.count, train.name);
  return format("{} of {} images of {}, drawn with seed {}", chosen.count, train.count, train.name, rule.seed);
}

std::string hash_pixels(const data::Split& split) {
  return sha256(std::as_bytes(std::span(split.pixels)));
}

int64_t count_common_images(const data::Split& a, const data::Split& b) {
  if (a.image_elems() != b.image_elems()) return 0;
  std::set<std::string> known;
  for (int64_t image = 0; image < b.count; ++image) known.insert(sha256(std::as_bytes(b.image(image))));
  int64_t common = 0;
  for (int64_t image = 0; image < a.count; ++image) common += known.contains(sha256(std::as_bytes(a.image(image))));
  return common;
}

}  // namespace liteqat::pipeline
