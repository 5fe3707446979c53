#include "train/libraries.h"

#include "kernels/onednn/convolution.h"

namespace liteqat::train {

std::map<std::string, std::string> library_versions() {
  return {{"onednn", kernels::onednn::library_version()}};
}

}  // namespace liteqat::train
