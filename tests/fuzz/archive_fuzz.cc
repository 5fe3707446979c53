// Fuzz target: any bytes as gzip and as a tar archive.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "fetch/archive.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int64_t kLimit = 4 << 20;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto inflated = liteqat::fetch::inflate_gzip(bytes, kLimit, "fuzz.gz");
  if (inflated.ok() && static_cast<int64_t>(inflated->size()) > kLimit) std::abort();
  const auto files = liteqat::fetch::list_tar(bytes, "fuzz.tar");
  if (!files.ok()) return 0;
  for (const auto& [name, content] : *files) {
    const bool inside = content.empty() || (content.data() >= bytes.data() && content.data() + content.size() <= bytes.data() + size);
    if (!inside || name.find('/') != std::string::npos) std::abort();
  }
  return 0;
}
