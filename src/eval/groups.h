// A metric by the folders its images come from and by the forms of their copies, and the interval of images that are not independent.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "results/records.h"

namespace liteqat::eval {

/// How the images of a split belong together: image i is form i / pictures of picture i % pictures.
struct ImageGroups {
  struct Directory {
    std::string name;
    int64_t begin = 0, count = 0;  // pictures
  };
  std::vector<Directory> directories;  // empty: one, not worth a line
  std::vector<std::string> kinds;      // of the forms; empty: every picture is there once
  int64_t pictures = 0;
};

/// Fills directories, copies and clusters of a metric over all images. With copies its interval becomes Wilson's at the effective number of
/// images, for the metric and for every directory of two pictures and more. Requires: as many answers as labels, pictures times the forms;
/// with copies at least two pictures.
void describe_groups(std::span<const int32_t> classed, std::span<const int32_t> labels, const ImageGroups& groups, results::Metric& metric);

}  // namespace liteqat::eval
