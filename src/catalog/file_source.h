// Images decoded from their files when they are asked for. Private to catalog.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "catalog/catalog.h"

namespace liteqat::catalog {

class FileSource final : public data::ImageSource {
 public:
  /// Requires: a shaping with all of height, width and channels.
  FileSource(std::string root, std::vector<std::string> files, const Shaping& shaping);
  Status read(int64_t index, std::span<uint8_t> out) const override;

 private:
  std::string root_;
  std::vector<std::string> files_;
  Shaping shaping_;
};

/// The shaping with what the images' headers say where it says nothing. Fails: naming the files whose headers cannot be read, or two of
/// different sizes.
Result<Shaping> complete_shaping(const std::string& root, const std::vector<std::string>& files, const Shaping& asked, ThreadPool& pool);

/// One image's pixels in the shaping's form.
std::vector<uint8_t> shape_image(const data::PixelView& image, const Shaping& shaping);

}  // namespace liteqat::catalog
