// Small text functions for messages.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace liteqat {

/// The candidate with the smallest Levenshtein distance (first one on a tie), of 256 letters at most each; empty for no candidates.
std::string nearest_name(const std::string& name, std::span<const std::string> candidates);

std::string join(std::span<const std::string> parts, const std::string& separator);

/// "1.5 MiB", "812 B": binary units.
std::string format_bytes(int64_t bytes);

/// 12345 -> "12,345".
std::string format_count(int64_t count);

/// "[1,28,28]".
std::string extents_text(std::span<const int64_t> extents);

}  // namespace liteqat
