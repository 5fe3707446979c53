// Altered copies of test images, mirrored and shifted: more answers per picture. Copies are not independent images; whoever counts them
// treats a picture and its copies as one cluster (stats/clusters.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace liteqat::data {

struct CopyPlan {
  bool mirror = false;
  std::vector<int32_t> shifts;  // in pixels, each left, right, up and down
};

/// "mirror", "shift:N" or several with commas. Fails: kInvalidArgument naming what was found and the forms there are.
Result<CopyPlan> parse_copy_plan(const std::string& text);

struct CopiedSplit {
  Split split;                     // [kinds, originals]: the pictures as they are, then every one mirrored, ...
  std::vector<std::string> kinds;  // "as they are", "mirrored", "shifted left by 2", ...
  int64_t originals = 0;
};

/// A shifted copy repeats the edge's pixels where it has none. Files are named with the form. Fails: kInvalidArgument for a shift that is
/// not smaller than the image. Requires: pixels in memory.
Result<CopiedSplit> make_copies(const Split& split, const CopyPlan& plan);

}  // namespace liteqat::data
