// Runs a deployed graph over images and shows what its activations were. Images are divided among workers; a visitor that keeps something
// per image, and nothing per worker that depends on the order, gets the same for any number of threads.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/cpu.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "data/batches.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "runtime/interpreter.h"

namespace liteqat::ptq {

struct Images {
  const data::Split& split;
  const data::Normalization& normalization;
};

/// How things are run.
struct Machine {
  Isa isa = Isa::kReference;
  ThreadPool& pool;
  Progress& progress;
};

class Observer {
 public:
  /// Values of one image: tensor `index` of those asked for, as real numbers, in the order of the graph's layout.
  using Visitor = std::function<void(int64_t image, size_t index, std::span<const float> values, int worker)>;

  /// One float image input, any activations (the input too). The graph must outlive the observer. Fails: kMismatch for images of another
  /// shape; as runtime::Interpreter::prepare.
  static Result<Observer> make(const graph::Graph& graph, const std::vector<graph::TensorId>& tensors, const Images& images,
                               const Machine& machine);
  Observer(Observer&&) noexcept;
  ~Observer();

  /// Images [begin, end). Fails: kInterrupted.
  Status run(int64_t begin, int64_t end, const Visitor& visit);

 private:
  struct State;
  explicit Observer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// All float32 activations, inputs included: what calibration looks at.
std::vector<graph::TensorId> float_activations(const graph::Graph& graph);

}  // namespace liteqat::ptq
