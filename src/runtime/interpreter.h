// Runs a deployed graph (float32 or int8) exactly as TFLite does. prepare() validates, selects kernels, packs weights and plans one
// arena; invoke() computes and allocates nothing; with several threads it
// divides operators among workers of its own. One interpreter is called by one thread at a time; several may share one graph.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/memory_limit.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "graph/graph.h"

namespace liteqat::runtime {

/// Whose arithmetic is reproduced (docs/arithmetic.md, section 6; which variant each operator uses: runtime/arithmetic.h).
enum class Profile {
  kLitertReference,  // "litert-reference": LiteRT's reference kernels (BUILTIN_REF), TensorFlow from 2.20 on
  kTfliteReference,  // "tflite-reference": TFLite's reference kernels to 2.19, TFLite Micro
  kXnnpack,          // "xnnpack": LiteRT's default on CPU
};
/// Fails: kInvalidArgument, naming the profiles that exist.
Result<Profile> parse_profile(const std::string& name);
const char* profile_name(Profile profile);

struct Options {
  Profile profile = Profile::kLitertReference;
  int32_t batch = 1;           // extent 0 of the inputs that have a batch axis (graph::infer_shapes)
  bool stored_shapes = false;  // the batch is the stored one, which the inputs need not share
  Isa isa = Isa::kReference;
  int threads = 1;                      // the caller's included; the outputs' bytes do not depend on it
  int64_t max_memory = memory_limit();  // bytes of activations, values computed in prepare and working memory
};

struct StepInfo {
  int32_t op_index;
  std::string op, kernel;  // "CONV_2D", "conv2d_i8_i32_generic_avx512"
  int64_t macs, scratch_bytes;
};

/// Where a tensor's bytes are.
struct TensorPlace {
  enum class Kind { kNone, kConstant, kArena } kind = Kind::kNone;  // kNone: no operator that runs touches it
  int64_t offset = 0;                                               // kArena
  graph::TensorId owner = graph::kNoTensor;  // kArena: whose memory it is; another tensor's where a step works in place
  int32_t first_op = 0, last_op = 0;         // kArena: the memory is taken from this operator to that one, both included
};

class Interpreter {
 public:
  /// Fails: kUnsupported/kMismatch/kOutOfRange, the message starting with operator kind and index; kOutOfRange also for more than
  /// options.max_memory, before it is asked for. The graph must outlive the interpreter.
  static Result<Interpreter> prepare(const graph::Graph& graph, const Options& options);
  /// Another interpreter of the same prepared graph with activations of its own, which a thread of its own may run. Runs the steps of this
  /// one, which must outlive it. Requires: not a twin itself. Fails: kOutOfRange for memory.
  Result<Interpreter> twin() const;
  /// Takes another graph's constants, scales and zero points, as prepare() would, but keeps the memory; `twins`: all that were made of this
  /// interpreter. Operators are divided among workers. Requires: a valid graph that differs from the prepared one in nothing else, but
  /// perhaps in which of its tensors are outputs; not a twin. Fails as prepare(); then none of them can be run until an update() succeeds.
  Status update(const graph::Graph& graph, ThreadPool& workers, std::span<Interpreter> twins);
  Interpreter(Interpreter&&) noexcept;
  Interpreter& operator=(Interpreter&&) noexcept;
  ~Interpreter();

  int32_t batch() const;
  /// The graph at this batch: shapes, types and quantization of inputs and outputs.
  const graph::Tensor& input_tensor(size_t index) const;
  const graph::Tensor& output_tensor(size_t index) const;

  /// Raw bytes of input `index`, to be filled before every invoke(): later activations may take their place in the arena.
  std::span<std::byte> input(size_t index);
  std::span<const std::byte> output(size_t index) const;
  void invoke();
  /// One step of invoke(), counted as in steps(). For measuring: its inputs are what earlier steps left.
  void invoke_step(size_t step);

  int64_t arena_bytes() const;      // activations, planned together
  int64_t live_peak_bytes() const;  // the largest sum of activations alive at once: the planner's lower bound
  int64_t scratch_bytes() const;    // kernels' working memory of all workers, outside the arena
  std::vector<StepInfo> steps() const;
  std::vector<TensorPlace> tensor_places() const;  // by tensor id

 private:
  struct State;
  explicit Interpreter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace liteqat::runtime
