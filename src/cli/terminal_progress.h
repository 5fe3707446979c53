// Draws progress on stderr: one live line with rate and time left on a terminal, cut to its width of that moment; a plain line every ten
// seconds elsewhere. Text is ASCII: a character is a column.
#pragma once

#include <chrono>
#include <string>

#include "base/progress.h"

namespace liteqat::cli {

class TerminalProgress final : public Progress {
 public:
  TerminalProgress();
  void begin(const std::string& title, int64_t total, const std::string& unit) override;
  void update(int64_t done, const std::string& detail) override;
  void end(const std::string& summary) override;
  void note(const std::string& line) override;

 private:
  using Clock = std::chrono::steady_clock;
  void clear_line();
  std::string describe(int64_t done, const std::string& detail) const;

  bool terminal_;
  size_t drawn_ = 0;  // characters of the live line
  std::string title_, unit_;
  int64_t total_ = 0, first_done_ = 0;  // of the first update: what goes on where it was interrupted does not begin at 0
  bool updated_ = false;
  Clock::time_point start_, first_, last_;
};

}  // namespace liteqat::cli
