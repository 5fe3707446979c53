// Text formatting for messages. The one place that names the formatting library.
#pragma once

#include <fmt/format.h>

namespace liteqat {
using fmt::format;
using fmt::format_string;
}  // namespace liteqat
