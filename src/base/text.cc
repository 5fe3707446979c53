#include "base/text.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/format.h"

namespace liteqat {
namespace {

size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_name(const std::string& name, std::span<const std::string> candidates) {
  constexpr size_t kLetters = 256;  // names come out of files: a megabyte against every layer of a model would take minutes
  const std::string beginning = name.substr(0, kLetters);
  std::string nearest;
  size_t least = std::numeric_limits<size_t>::max();
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(beginning, candidate.substr(0, kLetters));
    if (distance < least) least = distance, nearest = candidate;
  }
  return nearest;
}

std::string join(std::span<const std::string> parts, const std::string& separator) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) text += (i ? separator : "") + parts[i];
  return text;
}

std::string format_bytes(int64_t bytes) {
  if (bytes < 1024) return format("{} B", bytes);
  const char* units[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1024 && unit < 3) value /= 1024, ++unit;
  return format("{:.1f} {}", value, units[unit]);
}

std::string format_count(int64_t count) {
  std::string digits = format("{}", count);
  for (auto position = static_cast<int64_t>(digits.size()) - 3; position > (count < 0 ? 1 : 0); position -= 3) {
    digits.insert(static_cast<size_t>(position), ",");
  }
  return digits;
}

std::string extents_text(std::span<const int64_t> extents) {
  std::string text;
  for (int64_t extent : extents) text += format("{}{}", text.empty() ? "[" : ",", extent);
  return text.empty() ? "[]" : text + "]";
}

}  // namespace liteqat
