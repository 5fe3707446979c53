#include "data/copies.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace liteqat::data {
namespace {

/// Where a copy takes its pixels from.
struct Alteration {
  std::string name;
  bool mirrored = false;
  int32_t down = 0, right = 0;
};

std::vector<Alteration> alterations_of(const CopyPlan& plan) {
  std::vector<Alteration> all = {{.name = "as they are"}};
  if (plan.mirror) all.push_back({.name = "mirrored", .mirrored = true});
  for (const int32_t shift : plan.shifts) {
    all.push_back({.name = format("shifted left by {}", shift), .right = -shift});
    all.push_back({.name = format("shifted right by {}", shift), .right = shift});
    all.push_back({.name = format("shifted up by {}", shift), .down = -shift});
    all.push_back({.name = format("shifted down by {}", shift), .down = shift});
  }
  return all;
}

void append_altered(const Split& split, const Alteration& alteration, Split& copies) {
  const int32_t height = split.height, width = split.width, channels = split.channels;
  for (int64_t index = 0; index < split.count; ++index) {
    const auto image = split.image(index);
    for (int32_t y = 0; y < height; ++y) {
      const int32_t row = std::clamp(y - alteration.down, 0, height - 1);
      for (int32_t x = 0; x < width; ++x) {
        const int32_t shifted = std::clamp(x - alteration.right, 0, width - 1);
        const int32_t column = alteration.mirrored ? width - 1 - shifted : shifted;
        const auto pixel = image.begin() + (int64_t{row} * width + column) * channels;
        copies.pixels.insert(copies.pixels.end(), pixel, pixel + channels);
      }
    }
  }
  copies.labels.insert(copies.labels.end(), split.labels.begin(), split.labels.end());
  copies.count += split.count;
}

/// N of "shift:N".
Result<int32_t> parse_shift(const std::string& word) {
  const std::string digits = word.substr(word.find(':') + 1);
  int32_t shift = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), shift);
  if (fault != std::errc() || end != digits.data() + digits.size() || shift < 1) {
    return error(Code::kInvalidArgument, "--copies {}: a shift is a whole number of pixels from 1 on, as in shift:2", word);
  }
  return shift;
}

}  // namespace

Result<CopyPlan> parse_copy_plan(const std::string& text) {
  CopyPlan plan;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    begin = end + 1;
    if (word == "mirror") {
      plan.mirror = true;
    } else if (word.starts_with("shift:")) {
      LITEQAT_ASSIGN_OR_RETURN(const int32_t shift, parse_shift(word));
      if (std::find(plan.shifts.begin(), plan.shifts.end(), shift) == plan.shifts.end()) plan.shifts.push_back(shift);
    } else {
      return error(Code::kInvalidArgument, "--copies '{}': unknown; copies are mirror and shift:N, several with commas (mirror,shift:2)",
                   word);
    }
  }
  return plan;
}

Result<CopiedSplit> make_copies(const Split& split, const CopyPlan& plan) {
  for (const int32_t shift : plan.shifts) {
    if (shift >= std::min(split.height, split.width)) {
      return error(Code::kInvalidArgument, "--copies shift:{}: the images are {}x{}, nothing of them would be left", shift, split.height,
                   split.width);
    }
  }
  const std::vector<Alteration> all = alterations_of(plan);
  CopiedSplit copied;
  copied.originals = split.count;
  Split& copies = copied.split;
  copies.name = split.name, copies.sha256 = split.sha256;
  copies.height = split.height, copies.width = split.width, copies.channels = split.channels;
  copies.pixels.reserve(split.pixels.size() * all.size());
  for (const Alteration& alteration : all) {
    append_altered(split, alteration, copies);
    copied.kinds.push_back(alteration.name);
    for (const std::string& file : split.files) copies.files.push_back(format("{} ({})", file, alteration.name));
  }
  return copied;
}

}  // namespace liteqat::data
