// Looking a word up in the fixed lists of the readers of figures. Private to figures.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace liteqat::audit {

template <size_t kSize>
bool contains(const std::array<std::string_view, kSize>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace liteqat::audit
