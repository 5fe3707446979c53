#include "kernels/onednn/convolution.h"

#include <omp.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <new>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

namespace liteqat::kernels::onednn {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

struct Free {
  void operator()(void* pointer) const { std::free(pointer); }
};

/// Bytes at a 64-byte boundary, as oneDNN's vector code prefers.
class Buffer {
 public:
  void reserve(size_t bytes) {
    if (bytes <= bytes_) return;
    bytes_ = (bytes + 63) / 64 * 64;
    memory_.reset(std::aligned_alloc(64, bytes_));
    if (!memory_) throw std::bad_alloc();
  }
  void* data() const { return memory_.get(); }
  size_t bytes() const { return bytes_; }

 private:
  std::unique_ptr<void, Free> memory_;
  size_t bytes_ = 0;
};

/// A primitive whose weights argument has a format of its own.
struct Kernel {
  dnnl::primitive primitive;
  memory::desc weights, scratchpad;  // empty (0 bytes) where there is no primitive
  dnnl::reorder reorder;             // between OHWI and that format: into it for weights, out of it for their gradient
  Buffer packed;                     // forward and backward_data: the weights in that format
};

/// The kernels for chunks of one size.
struct KernelSet {
  Kernel forward, backward_data, backward_weights;
};

/// What one worker writes to beside its outputs.
struct WorkerMemory {
  dnnl::stream stream;
  Buffer scratchpad, weights_gradient;
};

/// oneDNN 2.6 maps 256 KB for the code of each kernel and writes there without asking whether it got them (Xbyak throws no exceptions in
/// it): a limit on the address space would end the process by a signal. So more than the kernels of one layer take is asked for beforehand.
void require_room_for_code() {
  constexpr size_t kRoom = size_t{32} << 20;
  void* room = ::mmap(nullptr, kRoom, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) throw std::bad_alloc();
  ::munmap(room, kRoom);
}

/// oneDNN's word for memory that cannot be had is ours.
void throw_if_out_of_memory(dnnl_status_t status) {
  if (status == dnnl_out_of_memory) throw std::bad_alloc();
}

template <typename Call>
void call_library(const Call& call) {
  try {
    call();
  } catch (const dnnl::error& fault) {
    throw_if_out_of_memory(fault.status);
    throw;
  }
}

/// C = A B, row-major, operands transposed where asked.
void multiply(char transpose_a, char transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb,
              float* c) {
  const dnnl_status_t status = dnnl_sgemm(transpose_a, transpose_b, m, n, k, 1.0f, a, lda, b, ldb, 0.0f, c, n);
  throw_if_out_of_memory(status);
  LITEQAT_CHECK_EQ(static_cast<int>(status), static_cast<int>(dnnl_success));
}

/// The first products make the kernels of all, where no exception could be caught: those of matrices of one element, then those of others.
void prepare_products() {
  static const bool prepared = [] {
    require_room_for_code();
    for (const int64_t size : {1, 16}) {
      const std::vector<float> ones(static_cast<size_t>(size * size), 1.0f);
      std::vector<float> product(ones.size());
      multiply('N', 'N', size, size, size, ones.data(), size, ones.data(), size, product.data());
    }
    return true;
  }();
  (void)prepared;
}

dnnl::engine& cpu() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

memory::dims strides(const train::WindowShape& w) {
  return {w.stride_h, w.stride_w};
}
memory::dims dilations(const train::WindowShape& w) {
  return {w.dilation_h - 1, w.dilation_w - 1};
}  // oneDNN counts the gaps
memory::dims pads_before(const train::WindowShape& w) {
  return {w.pad_h, w.pad_w};
}

int32_t pad_after(int32_t out, int32_t stride, int32_t filter, int32_t dilation, int32_t before, int32_t extent) {
  return std::max(0, (out - 1) * stride + (filter - 1) * dilation + 1 - before - extent);
}
memory::dims pads_after(const train::WindowShape& w) {
  return {pad_after(w.out_height, w.stride_h, w.filter_h, w.dilation_h, w.pad_h, w.height),
          pad_after(w.out_width, w.stride_w, w.filter_w, w.dilation_w, w.pad_w, w.width)};
}

/// One output position from one input position: a plain matrix product.
bool is_dense(const train::WindowShape& w) {
  return w.height == 1 && w.width == 1 && w.out_height == 1 && w.out_width == 1 && w.filter_h == 1 && w.filter_w == 1;
}

/// Every output position reads its own input position: a matrix product over positions. Its weight gradient is faster as one, and comes out
/// as OHWI: 52 against 48 GMAC/s over MobileNetV2's 1x1 layers, one thread of a Zen 4 core; forward and input gradient are not.
bool is_pointwise(const train::WindowShape& w) {
  return w.filter_h == 1 && w.filter_w == 1 && w.stride_h == 1 && w.stride_w == 1 && w.out_height == w.height && w.out_width == w.width &&
         w.pad_h == 0 && w.pad_w == 0;
}

/// sums[o] = sum over rows of dy, in blocks of rows in float and blocks in double.
void sum_rows(int64_t rows, int64_t channels, const float* dy, float* sums) {
  constexpr int64_t kBlockRows = 32;
  std::vector<double> totals(static_cast<size_t>(channels));
  std::vector<float> block(static_cast<size_t>(channels));
  for (int64_t row = 0; row < rows; row += kBlockRows) {
    std::fill(block.begin(), block.end(), 0.0f);
    for (int64_t r = row; r < std::min(rows, row + kBlockRows); ++r) {
      for (int64_t c = 0; c < channels; ++c) block[static_cast<size_t>(c)] += dy[r * channels + c];
    }
    for (size_t c = 0; c < block.size(); ++c) totals[c] += static_cast<double>(block[c]);
  }
  for (size_t c = 0; c < block.size(); ++c) sums[c] = static_cast<float>(totals[c]);
}

void add_bias(int64_t rows, int64_t channels, const float* bias, float* y) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t c = 0; c < channels; ++c) y[row * channels + c] += bias[c];
  }
}

}  // namespace

void use_one_thread() {
  omp_set_num_threads(1);
}

std::string library_version() {
  const dnnl_version_t* version = dnnl_version();
  return format("{}.{}.{}", version->major, version->minor, version->patch);
}

struct Convolution::State {
  State(const ConvolutionShape& given, int32_t workers, bool train)
      : shape(given), training(train), memories(static_cast<size_t>(workers)), zero_bias(static_cast<size_t>(given.out_channels), 0.0f) {}

  memory::desc source(int32_t n) const {
    return {{n, shape.window.channels, shape.window.height, shape.window.width}, memory::data_type::f32, Tag::nhwc};
  }
  memory::desc destination(int32_t n) const {
    return {{n, shape.out_channels, shape.window.out_height, shape.window.out_width}, memory::data_type::f32, Tag::nhwc};
  }
  /// Logical dimensions are OIHW; OHWI is a layout of them.
  memory::desc weights(Tag tag) const {
    return {{shape.out_channels, shape.window.channels, shape.window.filter_h, shape.window.filter_w}, memory::data_type::f32, tag};
  }
  memory::desc bias() const { return {{shape.out_channels}, memory::data_type::f32, Tag::x}; }
  int64_t rows(int32_t n) const { return int64_t{n} * shape.window.out_height * shape.window.out_width; }

  KernelSet make_set(int32_t n) const;
  void pack(Kernel& kernel);
  void execute(const Kernel& kernel, int32_t worker, std::unordered_map<int, memory> arguments) const;

  ConvolutionShape shape;
  bool training;
  std::map<int32_t, KernelSet> sets;
  mutable std::vector<WorkerMemory> memories;
  std::vector<float> zero_bias;
  const float* ohwi = nullptr;  // the weights of this step
};

KernelSet Convolution::State::make_set(int32_t n) const {
  const train::WindowShape& w = shape.window;
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  KernelSet set;
  const dnnl::convolution_forward::desc forward(training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
                                                dnnl::algorithm::convolution_direct, source(n), weights(Tag::any), bias(), destination(n),
                                                strides(w), dilations(w), pads_before(w), pads_after(w));
  const dnnl::convolution_forward::primitive_desc forward_desc(forward, attributes, cpu());
  const auto reorder = [](const memory::desc& from, const memory::desc& to) { return dnnl::reorder({cpu(), from, cpu(), to}); };
  const memory::desc ohwi_desc = weights(Tag::ohwi);
  set.forward = {dnnl::convolution_forward(forward_desc),
                 forward_desc.weights_desc(),
                 forward_desc.scratchpad_desc(),
                 reorder(ohwi_desc, forward_desc.weights_desc()),
                 {}};
  if (!training) return set;
  const dnnl::convolution_backward_data::desc data(dnnl::algorithm::convolution_direct, source(n), weights(Tag::any), destination(n),
                                                   strides(w), dilations(w), pads_before(w), pads_after(w));
  const dnnl::convolution_backward_data::primitive_desc data_desc(data, attributes, cpu(), forward_desc);
  set.backward_data = {dnnl::convolution_backward_data(data_desc),
                       data_desc.weights_desc(),
                       data_desc.scratchpad_desc(),
                       reorder(ohwi_desc, data_desc.weights_desc()),
                       {}};
  if (is_pointwise(w)) return set;
  const dnnl::convolution_backward_weights::desc gradient(dnnl::algorithm::convolution_direct, source(n), weights(Tag::any), destination(n),
                                                          strides(w), dilations(w), pads_before(w), pads_after(w));
  const dnnl::convolution_backward_weights::primitive_desc gradient_desc(gradient, attributes, cpu(), forward_desc);
  set.backward_weights = {dnnl::convolution_backward_weights(gradient_desc),
                          gradient_desc.diff_weights_desc(),
                          gradient_desc.scratchpad_desc(),
                          reorder(gradient_desc.diff_weights_desc(), ohwi_desc),
                          {}};
  return set;
}

/// Brings the step's weights into the kernel's format.
void Convolution::State::pack(Kernel& kernel) {
  kernel.packed.reserve(kernel.weights.get_size());
  memory from(weights(Tag::ohwi), cpu(), const_cast<float*>(ohwi));
  memory to(kernel.weights, cpu(), kernel.packed.data());
  WorkerMemory& own = memories[0];
  kernel.reorder.execute(own.stream, from, to);
  own.stream.wait();
}

void Convolution::State::execute(const Kernel& kernel, int32_t worker, std::unordered_map<int, memory> arguments) const {
  const WorkerMemory& own = memories[static_cast<size_t>(worker)];
  arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(kernel.scratchpad, cpu(), own.scratchpad.data()));
  dnnl::stream stream = own.stream;
  kernel.primitive.execute(stream, arguments);
  stream.wait();
}

Convolution::Convolution(std::unique_ptr<State> state) : state_(std::move(state)) {}
Convolution::Convolution(Convolution&&) noexcept = default;
Convolution& Convolution::operator=(Convolution&&) noexcept = default;
Convolution::~Convolution() = default;

Result<Convolution> Convolution::make(const ConvolutionShape& shape, int32_t workers, bool training) {
  use_one_thread();
  try {
    prepare_products();
    auto state = std::make_unique<State>(shape, workers, training);
    for (WorkerMemory& own : state->memories) own.stream = dnnl::stream(cpu());
    return Convolution(std::move(state));
  } catch (const dnnl::error& fault) {
    throw_if_out_of_memory(fault.status);
    return error(Code::kUnsupported, "oneDNN: {}", fault.what());
  }
}

Status Convolution::configure(int32_t n) {
  State& s = *state_;
  if (is_dense(s.shape.window) || s.sets.contains(n)) return {};
  use_one_thread();
  try {
    require_room_for_code();
    KernelSet& set = s.sets.emplace(n, s.make_set(n)).first->second;
    size_t scratchpad = set.forward.scratchpad.get_size();
    if (s.training) {
      scratchpad = std::max({scratchpad, set.backward_data.scratchpad.get_size(), set.backward_weights.scratchpad.get_size()});
    }
    for (WorkerMemory& own : s.memories) {
      own.scratchpad.reserve(scratchpad);
      if (s.training) own.weights_gradient.reserve(set.backward_weights.weights.get_size());
    }
  } catch (const dnnl::error& fault) {
    throw_if_out_of_memory(fault.status);
    return error(Code::kUnsupported, "oneDNN: convolution of {} images of {}x{}x{}: {}", n, s.shape.window.height, s.shape.window.width,
                 s.shape.window.channels, fault.what());
  }
  return {};
}

void Convolution::set_weights(const float* weights) {
  State& s = *state_;
  s.ohwi = weights;
  use_one_thread();
  for (auto& [n, set] : s.sets) {
    call_library([&s, &set = set] {
      s.pack(set.forward);
      if (s.training) s.pack(set.backward_data);
    });
  }
}

void Convolution::forward(int32_t worker, int32_t n, const float* x, const float* bias, float* y) const {
  const State& s = *state_;
  if (is_dense(s.shape.window)) {
    const int64_t inputs = s.shape.window.channels, outputs = s.shape.out_channels;
    multiply('N', 'T', n, outputs, inputs, x, inputs, s.ohwi, inputs, y);
    if (bias != nullptr) add_bias(n, outputs, bias, y);
    return;
  }
  const Kernel& kernel = s.sets.at(n).forward;
  const float* added = bias != nullptr ? bias : s.zero_bias.data();
  call_library([&] {
    s.execute(kernel, worker,
              {{DNNL_ARG_SRC, memory(s.source(n), cpu(), const_cast<float*>(x))},
               {DNNL_ARG_WEIGHTS, memory(kernel.weights, cpu(), kernel.packed.data())},
               {DNNL_ARG_BIAS, memory(s.bias(), cpu(), const_cast<float*>(added))},
               {DNNL_ARG_DST, memory(s.destination(n), cpu(), y)}});
  });
}

void Convolution::backward_data(int32_t worker, int32_t n, const float* dy, float* dx) const {
  const State& s = *state_;
  if (is_dense(s.shape.window)) {
    const int64_t inputs = s.shape.window.channels, outputs = s.shape.out_channels;
    multiply('N', 'N', n, inputs, outputs, dy, outputs, s.ohwi, inputs, dx);
    return;
  }
  const Kernel& kernel = s.sets.at(n).backward_data;
  call_library([&] {
    s.execute(kernel, worker,
              {{DNNL_ARG_DIFF_DST, memory(s.destination(n), cpu(), const_cast<float*>(dy))},
               {DNNL_ARG_WEIGHTS, memory(kernel.weights, cpu(), kernel.packed.data())},
               {DNNL_ARG_DIFF_SRC, memory(s.source(n), cpu(), dx)}});
  });
}

void Convolution::backward_weights(int32_t worker, int32_t n, const float* x, const float* dy, float* dweights, float* dbias) const {
  const State& s = *state_;
  if (dbias != nullptr) sum_rows(s.rows(n), s.shape.out_channels, dy, dbias);
  if (is_pointwise(s.shape.window)) {
    const int64_t inputs = s.shape.window.channels, outputs = s.shape.out_channels;
    multiply('T', 'N', outputs, inputs, s.rows(n), dy, outputs, x, inputs, dweights);
    return;
  }
  const Kernel& kernel = s.sets.at(n).backward_weights;
  WorkerMemory& own = s.memories[static_cast<size_t>(worker)];
  call_library([&] {
    memory blocked(kernel.weights, cpu(), own.weights_gradient.data());
    s.execute(kernel, worker,
              {{DNNL_ARG_SRC, memory(s.source(n), cpu(), const_cast<float*>(x))},
               {DNNL_ARG_DIFF_DST, memory(s.destination(n), cpu(), const_cast<float*>(dy))},
               {DNNL_ARG_DIFF_WEIGHTS, blocked}});
    memory plain(s.weights(Tag::ohwi), cpu(), dweights);
    kernel.reorder.execute(own.stream, blocked, plain);
    own.stream.wait();
  });
}

int64_t Convolution::memory_bytes() const {
  size_t bytes = 0;
  for (const WorkerMemory& own : state_->memories) bytes += own.scratchpad.bytes() + own.weights_gradient.bytes();
  for (const auto& [n, set] : state_->sets) bytes += set.forward.packed.bytes() + set.backward_data.packed.bytes();
  return static_cast<int64_t>(bytes);
}

}  // namespace liteqat::kernels::onednn
