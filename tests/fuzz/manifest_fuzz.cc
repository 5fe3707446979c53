// Fuzz target: any text as a CSV manifest of images.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "catalog/listing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto rows = liteqat::catalog::parse_manifest(std::string(reinterpret_cast<const char*>(data), size), "fuzz.csv");
  if (!rows.ok()) return 0;
  for (const auto& row : *rows) {
    const std::filesystem::path file(row.file);
    if (file.is_absolute() || *file.lexically_normal().begin() == ".." || row.label.empty()) std::abort();
  }
  return 0;
}
