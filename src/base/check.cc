#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace liteqat {

void check_failed(const char* expression, const std::string& values, std::source_location where) {
  std::fprintf(stderr, "liteqat: internal check failed: %s %s (%s:%u)\n", expression, values.c_str(), where.file_name(), where.line());
  std::abort();
}

}  // namespace liteqat
