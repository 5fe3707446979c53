// One step for a FusedUnit: a linear operator, its batch normalization and activation. Only the linear operator's output z is stored; the
// normalized and activated values are computed from it by whoever reads them, block by block of slices that fit a core's cache:
//
//   forward    x from the producer's z (or a stored tensor) -> z, with z's sums while it is in the cache
//   backward   x again, and z's gradient from z and the gradient of the output -> weight gradient, gradient of x; where the producer's
//              output is not stored either, that gradient is masked by its activation and reduced for its batch norm on the way
//
// so an activation costs two accesses forward and four backward. A reader needs the statistics of the whole batch: it waits.
#pragma once

#include <memory>

#include "train/fusion.h"
#include "train/steps/batch_statistics.h"
#include "train/steps/linear_operator.h"

namespace liteqat::train {

class FusedStep final : public Step {
 public:
  /// producer: the step whose unstored output is the unit's input, or null. Fails: kUnsupported as the linear operator's own step.
  static Result<std::unique_ptr<FusedStep>> make(Workplace& place, const FusedUnit& unit, FusedStep* producer);

  Status configure(int32_t images) override;
  void prepare(Mode mode, const Batch&) override;

  bool forward_waits(Mode mode) const override { return producer_ != nullptr && mode == Mode::kTraining; }
  int forward_passes(Mode mode) const override { return unit_.stored && mode == Mode::kTraining ? 2 : 1; }
  void forward(Mode mode, int pass, const Chunk& chunk) override;
  void combine_forward(Mode mode, int pass, const Batch& batch) override;

  bool backward_waits() const override { return !unit_.stored; }
  int backward_passes() const override { return unit_.stored ? 2 : 1; }
  void backward(int pass, const Chunk& chunk) override;
  void combine_backward(int pass, const Batch& batch) override;
  void finish_gradients() override { linear_->finish_gradients(); }

  /// The chunk's output as its reader sees it.
  void copy_output(const Chunk& chunk, float* to) const;

 private:
  FusedStep(Workplace& place, const FusedUnit& unit, FusedStep* producer, std::unique_ptr<LinearOperator> linear);

  /// Consecutive slices of a chunk.
  struct Block {
    Part part;
    int64_t input, output;              // elements of the chunk before the block, in either tensor
    int64_t input_elems, output_elems;  // of the block
    bool last;
  };
  template <typename Visit>
  void for_each_block(const Chunk& chunk, const Visit& visit) const;

  int64_t input_slice() const { return place_->layout.image_elems(unit_.input) / linear_->slices_per_image(); }
  int64_t output_slice() const { return place_->layout.image_elems(unit_.sum) / linear_->slices_per_image(); }
  int64_t input_rows(const Block& block) const { return block.input_elems / producer_->statistics_.channels(); }
  int64_t output_rows(const Block& block) const { return block.output_elems / statistics_.channels(); }
  float* scratch(const Chunk& chunk) const { return place_->block_scratch[static_cast<size_t>(chunk.worker)].data(); }
  float* sum(const Chunk& chunk) const { return place_->layout.raw(unit_.sum, chunk); }
  kernels::train::Normalized view() const { return {statistics_.scale(), statistics_.shift(), low_, high_}; }
  /// Where the next block's input is read from, null if there is none.
  const float* next_input(const Chunk& chunk, const Block& block) const;
  /// The block's input: where it is stored, or computed into the worker's scratch.
  const float* load_input(const Chunk& chunk, const Block& block) const;
  void reduce(const Chunk& chunk);
  void backward_block(const Chunk& chunk, const Block& block, float* input_gradient);

  Workplace* place_;
  FusedUnit unit_;
  FusedStep* producer_;
  std::unique_ptr<LinearOperator> linear_;
  BatchStatistics statistics_;
  kernels::train::NormalizedGradient gradient_line_;
  float low_, high_;
  int32_t block_slices_ = 1;
  int64_t input_scratch_ = 0;  // elements of a worker's scratch that hold the input
};

}  // namespace liteqat::train
