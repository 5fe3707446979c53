// A fused unit (unit_step.h) computed block by block of slices that fit a core's cache: convolution, dense, and depthwise convolution where
// strips of rows will not do. Where the reader takes the unit along (input_moments.h), its own passes touch its input only, and what else
// there is to compute the reader asks for.
#pragma once

#include <memory>
#include <optional>

#include "train/steps/input_moments.h"
#include "train/steps/linear_operator.h"
#include "train/steps/unit_step.h"

namespace liteqat::train {

class FusedStep final : public UnitStep {
 public:
  /// producer: the step whose unstored output is the unit's input, or null. Fails: kUnsupported as the linear operator's own step.
  static Result<std::unique_ptr<FusedStep>> make(Workplace& place, const FusedUnit& unit, UnitStep* producer);

  Status configure(int32_t images) override;
  void prepare(Mode mode, const Batch&) override;
  void finish_gradients() override { linear_->finish_gradients(); }

  void combine_forward(Mode mode, int pass, const Batch& batch) override;
  void compute_sum(const Chunk& chunk, const Piece& piece) override;
  void take_gradient(const Chunk& chunk, const Piece& piece, const float* gradient) override;

 protected:
  void forward_chunk(Mode mode, const Chunk& chunk) override;
  void backward_chunk(const Chunk& chunk) override;
  void prepare_backward(const Batch& batch) override;

 private:
  FusedStep(Workplace& place, const FusedUnit& unit, UnitStep* producer, std::unique_ptr<LinearOperator> linear);

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
  int64_t output_rows(const Block& block) const { return block.output_elems / statistics_.channels(); }
  /// Where the next block's input is read from, null if there is none.
  const float* next_input(const Chunk& chunk, const Block& block) const;
  const float* load_piece(const Chunk& chunk, const Piece& piece) const;
  /// Input elements [at, at + elems) of the chunk: where they are stored, or computed into `to`.
  const float* load_input(const Chunk& chunk, int64_t at, int64_t elems, float* to) const;
  void backward_block(const Chunk& chunk, const Block& block, float* input_gradient);
  void finish_block(const Chunk& chunk, const Block& block, float* input_gradient);
  /// Of the producer, for the block's gradient.
  void reduce_input(const Chunk& chunk, const Block& block, float* input_gradient);

  std::unique_ptr<LinearOperator> linear_;
  std::optional<InputMoments> moments_;  // where the reader takes the unit along
  int32_t block_slices_ = 1;
  int64_t input_scratch_ = 0;  // elements of a worker's scratch that hold the input
};

}  // namespace liteqat::train
