// The public data sets by name: where they lie, what they must be, and how they come to a folder that the readers of data/ open.
#pragma once

#include <string>

#include "base/progress.h"
#include "base/status.h"

namespace liteqat::fetch {

struct FetchRequest {
  std::string name;    // "mnist" | "cifar10"
  std::string folder;  // made if it is not there
  std::string url;     // empty: the well-known place. mnist: of the folder that holds the four files; cifar10: of the archive
  std::string sha256;  // cifar10: of another archive than the original; empty: the original's
};

/// Files are checked before they get their names: MNIST's by the SHA-256 of what they unpack to, so that any compression will do,
/// CIFAR-10's archive by its own. Files that are there and right are not fetched again. Returns a sentence on what was done. Fails:
/// kMismatch for a wrong checksum, and then nothing of it stays; as download().
Result<std::string> fetch_dataset(const FetchRequest& request, Progress& progress);

}  // namespace liteqat::fetch
