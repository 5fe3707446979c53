// Convolution for training on oneDNN: NHWC float32, weights OHWI, chunks of images, one thread per call.
//
// Thread rule: create and configure() from one thread at a time; set_weights() before the forward of a batch; the three compute calls may
// run at the same time from different workers, each with its own worker index and chunk. use_one_thread() must have run in each of these
// threads. oneDNN chooses memory formats; results depend on the CPU and the chunk size, not on the number of workers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "kernels/train/window.h"

namespace liteqat::kernels::onednn {

/// Makes oneDNN compute on the calling thread alone. Cheap; call it in every worker before its first oneDNN call.
void use_one_thread();

std::string library_version();

struct ConvolutionShape {
  train::WindowShape window;  // channels = input channels
  int32_t out_channels = 0;
};

class Convolution {
 public:
  /// Fails: kUnsupported with oneDNN's message. training: also prepares the backward kernels.
  static Result<Convolution> make(const ConvolutionShape& shape, int32_t workers, bool training);
  Convolution(Convolution&&) noexcept;
  Convolution& operator=(Convolution&&) noexcept;
  ~Convolution();

  /// Makes sure that chunks of n images can be computed. Fails: kUnsupported.
  Status configure(int32_t n);

  /// Takes the weights [O, KH, KW, I] of this step, in the formats the kernels want. Call again after every update.
  void set_weights(const float* weights);

  /// y [n, OH, OW, O]; bias [O] or null. Requires: configure(n) has succeeded.
  void forward(int32_t worker, int32_t n, const float* x, const float* bias, float* y) const;
  /// dx [n, H, W, I] is written whole.
  void backward_data(int32_t worker, int32_t n, const float* dy, float* dx) const;
  /// dweights [O, KH, KW, I] and, if not null, dbias [O] are written whole: the chunk's partial gradient.
  void backward_weights(int32_t worker, int32_t n, const float* x, const float* dy, float* dweights, float* dbias) const;

  int64_t memory_bytes() const;

 private:
  struct State;
  explicit Convolution(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace liteqat::kernels::onednn
