#include "cli/terminal_progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/format.h"
#include "base/text.h"
#include "base/visible_text.h"

namespace liteqat::cli {
namespace {

constexpr auto kTerminalInterval = std::chrono::milliseconds(100);
constexpr auto kPlainInterval = std::chrono::seconds(10);

std::string format_duration(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole >= 3600) return format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return format("{}:{:02}", whole / 60, whole % 60);
}

/// Columns of the terminal now: it may have been resized since the last line.
size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

TerminalProgress::TerminalProgress() : terminal_(::isatty(STDERR_FILENO) == 1) {}

/// A terminal that became narrower has wrapped the line: it is cleared from its first row on.
void TerminalProgress::clear_line() {
  if (drawn_ > 0) {
    const size_t wrapped_rows = (drawn_ - 1) / terminal_columns();
    if (wrapped_rows > 0) std::fprintf(stderr, "\033[%zuA", wrapped_rows);
    std::fputs("\r\033[J", stderr);
  }
  drawn_ = 0;
}

std::string TerminalProgress::describe(int64_t done, const std::string& detail) const {
  const double elapsed = std::chrono::duration<double>(Clock::now() - first_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done - first_done_) / elapsed : 0;
  std::string line = format("{}  {}/{} {}", title_, format_count(done), format_count(total_), unit_);
  if (rate > 0) {
    line += format("  {}/s", rate >= 100 ? format_count(static_cast<int64_t>(rate)) : format("{:.1f}", rate));
    line += format("  ETA {}", format_duration(static_cast<double>(total_ - done) / rate));
  }
  if (!detail.empty()) line += "  " + detail;
  return line;
}

void TerminalProgress::begin(const std::string& title, int64_t total, const std::string& unit) {
  title_ = visible_text(title), unit_ = unit, total_ = total;
  start_ = last_ = Clock::now();
  updated_ = false;
}

void TerminalProgress::update(int64_t done, const std::string& detail) {
  const auto now = Clock::now();
  if (!updated_) first_ = now, first_done_ = done, updated_ = true;
  if (terminal_) {
    if (now - last_ < kTerminalInterval) return;
  } else if (now - last_ < kPlainInterval) {
    return;
  }
  last_ = now;
  std::string line = visible_text(describe(done, detail));
  if (terminal_) {
    line.resize(std::min(line.size(), terminal_columns() - 1));
    clear_line();
    std::fputs(line.c_str(), stderr);
    drawn_ = line.size();
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::fflush(stderr);
}

void TerminalProgress::end(const std::string& summary) {
  clear_line();
  if (summary.empty()) return;
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  std::fprintf(stderr, "%s  %s  (%.1f s)\n", title_.c_str(), visible_text(summary).c_str(), elapsed);
  std::fflush(stderr);
}

void TerminalProgress::note(const std::string& line) {
  clear_line();
  std::fprintf(stderr, "%s\n", visible_text(line, true).c_str());
  std::fflush(stderr);
}

}  // namespace liteqat::cli
