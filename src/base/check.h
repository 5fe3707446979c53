// Checks for programmer mistakes: print both values, file and line, then abort. Never for outside data (base/status.h).
#pragma once

#include <source_location>
#include <string>

#include "base/format.h"

namespace liteqat {

[[noreturn]] void check_failed(const char* expression, const std::string& values,
                               std::source_location where = std::source_location::current());

}  // namespace liteqat

#define LITEQAT_CHECK(condition)                               \
  do {                                                         \
    if (!(condition)) ::liteqat::check_failed(#condition, {}); \
  } while (false)

#define LITEQAT_CHECK_OP(left, op, right)                                                                             \
  do {                                                                                                                \
    const auto& left_value = (left);                                                                                  \
    const auto& right_value = (right);                                                                                \
    if (!(left_value op right_value))                                                                                 \
      ::liteqat::check_failed(#left " " #op " " #right, ::liteqat::format("{} against {}", left_value, right_value)); \
  } while (false)

#define LITEQAT_CHECK_EQ(left, right) LITEQAT_CHECK_OP(left, ==, right)
#define LITEQAT_CHECK_LE(left, right) LITEQAT_CHECK_OP(left, <=, right)
#define LITEQAT_CHECK_LT(left, right) LITEQAT_CHECK_OP(left, <, right)
