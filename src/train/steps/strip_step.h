// A fused unit (unit_step.h) around a depthwise convolution, computed in strips of rows: an image of a large tensor does not fit a core's
// second-level cache, a strip of its input, output and gradients does. Forward, the producer's z is normalized once, into a window of rows
// that the convolution reads. Where the unit takes its producer along (fusion.h), that z is computed on the way. Backward, one pass over z,
// its gradient and the producer's z makes the gradients of the weights and of the input; the latter goes on to a producer that is taken
// along and is never stored.
#pragma once

#include <memory>

#include "train/steps/row_window.h"
#include "train/steps/unit_step.h"
#include "train/steps/weights.h"

namespace liteqat::train {

class StripStep final : public UnitStep {
 public:
  /// producer: the step whose unstored output is the unit's input, or null. Requires: unit.in_strips.
  static Result<std::unique_ptr<StripStep>> make(Workplace& place, const FusedUnit& unit, UnitStep* producer);

  void prepare(Mode mode, const Batch&) override;
  void finish_gradients() override { weights_.mask_gradient(); }

 protected:
  void forward_chunk(Mode mode, const Chunk& chunk) override;
  void backward_chunk(const Chunk& chunk) override;

 private:
  using Rows = kernels::train::Rows;
  StripStep(Workplace& place, const FusedUnit& unit, UnitStep* producer, OperatorWeights weights,
            const kernels::train::DepthwiseKernels& kernels, const kernels::train::DepthwiseShape& shape);

  /// Where a worker's scratch holds what, and the rows it is large enough for.
  struct Windows {
    int32_t input_rows = 0, output_rows = 0;
    int64_t gradients = 0, taken = 0;  // elements before the window of z's gradient, and before the input gradient that is passed on
    int64_t taken_elems = 0;
  };
  Windows plan_windows() const;
  /// Calls visit(input rows, end of the output rows that are done with them) for the strips of an image, in order.
  template <typename Visit>
  void for_each_input_strip(const Visit& visit) const;

  int64_t input_row() const { return int64_t{shape_.window.width} * shape_.window.channels; }
  int64_t output_row() const { return int64_t{shape_.window.out_width} * shape_.window.channels; }
  int64_t input_image() const { return input_row() * shape_.window.height; }
  int64_t output_image() const { return output_row() * shape_.window.out_height; }

  /// Input rows of the image for these outputs: in memory, or normalized into the window.
  struct Source {
    const float* data;
    int32_t first;
  };
  Source load_input(const float* image, const Rows& outputs, RowWindow& window) const;
  void normalize_rows(const float* image, const Rows& rows, RowWindow& window) const;
  void compute_input(const Chunk& chunk, int32_t image, const Rows& rows, const float* to);
  /// The reverse of one image of a chunk.
  struct Reverse;
  void reverse_image(Reverse& reverse, int32_t image);
  void reverse_outputs(Reverse& reverse, const Rows& outputs, int32_t keep);
  void reverse_inputs(Reverse& reverse, int32_t image, const Rows& inputs);
  void pass_taken(Reverse& reverse);

  OperatorWeights weights_;
  const kernels::train::DepthwiseKernels& kernels_;
  kernels::train::DepthwiseShape shape_;
  int32_t input_strip_ = 1, output_strip_ = 1;  // rows
  Windows windows_;
};

}  // namespace liteqat::train
