// A fixed set of workers that walk through a fixed list of phases together: all tasks of a phase are done before any of the next begins.
// What ThreadPool::run costs is paid once for a walk of any length; between two phases the workers exchange two cache lines.
//
// Each worker has a contiguous range of a phase's tasks, the same one every time, so that what it touched last is what it touches next; a
// worker that has nothing to do takes tasks that others have not begun, at once where there are more tasks than workers, else only after
// waiting a little. A thread the scheduler keeps away therefore delays a walk by the task it holds. Nothing about a result may depend on
// which worker ran a task. Waiting workers spin briefly, then sleep. One run() at a time. Tasks must not throw, which would end the
// program: the runtime's steps allocate nothing (tests/tools/liteqat_random_models.cc counts).
#pragma once

#include <functional>
#include <memory>
#include <vector>

namespace liteqat {

class PhasePool {
 public:
  /// Runs task `task` of phase `phase`; no two calls at a time have the same worker, which indexes scratch memory.
  using Function = std::function<void(int phase, int task, int worker)>;

  /// threads counts the caller of run() too. tasks: of every phase. Requires: threads >= 1, tasks from 1 to 65,535.
  PhasePool(int threads, std::vector<int> tasks, Function function);
  PhasePool(const PhasePool&) = delete;
  PhasePool& operator=(const PhasePool&) = delete;
  ~PhasePool();

  /// Runs phases [first, last). All memory written by tasks is visible to later phases' tasks and, afterwards, to the caller.
  void run(int first, int last);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace liteqat
