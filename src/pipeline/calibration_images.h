// Which images calibrate: chosen by a stated rule, identified by a hash, compared with the images that accuracy is measured on.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "data/dataset.h"

namespace liteqat::pipeline {

struct CalibrationRule {
  int64_t images = 1000;        // at most as many as the split has
  std::string order = "drawn";  // drawn: by the seed, without replacement; first: in file order
  uint64_t seed = 0;
};

/// Drawn images stand in file order, so that the hash names the set. Fails: kInvalidArgument for an unknown order, kOutOfRange for an empty
/// split.
Result<data::Split> choose_calibration_images(const data::Split& train, const CalibrationRule& rule);

/// "1000 of 50000 images of train, drawn with seed 0".
std::string rule_text(const CalibrationRule& rule, const data::Split& chosen, const data::Split& train);

/// SHA-256 of the pixels in order.
std::string hash_pixels(const data::Split& split);

/// How many images of `a` occur in `b`, pixel for pixel. Fails: as reading their images.
Result<int64_t> count_common_images(const data::Split& a, const data::Split& b);

}  // namespace liteqat::pipeline
