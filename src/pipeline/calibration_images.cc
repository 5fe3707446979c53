#include "pipeline/calibration_images.h"

#include <algorithm>
#include <set>

#include "base/format.h"
#include "data/batches.h"
#include "hash/sha256.h"

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
  return data::pick(train, std::vector<int64_t>(order.begin(), order.end()));
}

std::string rule_text(const CalibrationRule& rule, const data::Split& chosen, const data::Split& train) {
  if (rule.order == "first") return format("the first {} of {} images of {}", chosen.count, train.count, train.name);
  return format("{} of {} images of {}, drawn with seed {}", chosen.count, train.count, train.name, rule.seed);
}

std::string hash_pixels(const data::Split& split) {
  return sha256(std::as_bytes(std::span(split.pixels)));
}

Result<int64_t> count_common_images(const data::Split& a, const data::Split& b) {
  if (a.image_elems() != b.image_elems()) return 0;
  const auto hashes_of = [](const data::Split& split) -> Result<std::vector<std::string>> {
    std::vector<std::string> hashes;
    std::vector<uint8_t> image(static_cast<size_t>(split.image_elems()));
    for (int64_t index = 0; index < split.count; ++index) {
      LITEQAT_RETURN_IF_ERROR(split.read(index, image));
      hashes.push_back(sha256(std::as_bytes(std::span(image))));
    }
    return hashes;
  };
  LITEQAT_ASSIGN_OR_RETURN(const auto own, hashes_of(a));
  LITEQAT_ASSIGN_OR_RETURN(const auto others, hashes_of(b));
  const std::set<std::string> known(others.begin(), others.end());
  return std::count_if(own.begin(), own.end(), [&](const std::string& hash) { return known.contains(hash); });
}

}  // namespace liteqat::pipeline
