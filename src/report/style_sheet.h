// The report's style sheet: one constant text. Light and dark by CSS variables, no fonts or images from elsewhere.
#pragma once

#include <string_view>

namespace liteqat::report {

std::string_view style_sheet();

}  // namespace liteqat::report
