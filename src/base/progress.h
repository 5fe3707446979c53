// How long work reports itself without printing: stages call a Progress, cli draws it. Calls come from the thread that runs the stage.
#pragma once

#include <cstdint>
#include <string>

namespace liteqat {

class Progress {
 public:
  virtual ~Progress() = default;
  /// A stretch of work of `total` units ("images") begins.
  virtual void begin(const std::string& title, int64_t total, const std::string& unit) = 0;
  /// `done` units so far; detail is short live text such as "loss 0.31".
  virtual void update(int64_t done, const std::string& detail) = 0;
  virtual void end(const std::string& summary) = 0;
  /// A line worth keeping, outside any stretch.
  virtual void note(const std::string& line) = 0;
};

/// For tests and --quiet.
class SilentProgress final : public Progress {
 public:
  void begin(const std::string&, int64_t, const std::string&) override {}
  void update(int64_t, const std::string&) override {}
  void end(const std::string&) override {}
  void note(const std::string&) override {}
};

/// Set by cli's signal handler; long work looks at it between batches, saves and returns Code::kInterrupted.
void request_interrupt();
bool interrupt_requested();
void clear_interrupt();

}  // namespace liteqat
