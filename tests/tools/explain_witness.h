// Proofs that a reading cannot be told from another by its digits: whole numbers, counted forward through the mistake, that a log
// shows as the very same characters. Shares no code with explain, which inverts the mistakes. For explain_error_rates.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace liteqat::witness {

struct Facts {
  int64_t images = 0;  // of the figure's own split
  int64_t train = 0, validation = 0, classes = 0;
};

/// A printed figure: the value that was printed, its characters, and whether a log could show another value so.
struct Printed {
  double value = 0;
  std::string text;
  std::function<bool(double, const std::string&)> could_be;
};

/// Whether whole numbers exist that the mistake `id` turns into the characters. "as printed": a count of right images.
/// False also for readings of which it knows no way to count.
bool prints_the_same(std::string_view id, const Facts& facts, const Printed& printed);

}  // namespace liteqat::witness
