// One file from the network to disk. The only place that sees libcurl. http and https, redirects followed within those; certificates are
// checked. What was received of an interrupted download stays in PATH.part and is gone on with where the server can.
#pragma once

#include <cstdint>
#include <string>

#include "base/progress.h"
#include "base/status.h"

namespace liteqat::fetch {

struct Download {
  std::string url, path;
  int64_t max_bytes = int64_t{1} << 30;  // a server that sends more is left
};

/// PATH.part is complete afterwards: whoever called looks at it and renames it. Fails: kInvalidArgument for another kind of URL; kNotFound
/// where the server says so; kIo otherwise, with the URL; kInterrupted.
Status download(const Download& file, Progress& progress);

std::string part_path(const std::string& path);

}  // namespace liteqat::fetch
