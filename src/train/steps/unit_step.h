// One step for a FusedUnit: a linear operator, its batch normalization and activation. Only the linear operator's output z is stored; the
// normalized and activated values are computed from it by whoever reads them, in pieces that fit a core's cache. What units share: their
// statistics, passes and barriers. How a chunk is computed is said by FusedStep (in blocks of slices) and StripStep (in strips of rows).
//
//   forward    x from the producer's z (or a stored tensor) -> z, with z's sums while it is in the cache
//   backward   x again, and z's gradient from z and the gradient of the output -> weight gradient, gradient of x; where the producer's
//              output is not stored either, that gradient is masked by its activation and reduced for its batch norm on the way
//
// A reader needs the statistics of the whole batch: it waits.
#pragma once

#include "kernels/train/normalized.h"
#include "kernels/train/pointwise/pointwise.h"
#include "train/fusion.h"
#include "train/steps/batch_statistics.h"
#include "train/steps/step.h"

namespace liteqat::train {

class UnitStep : public Step {
 public:
  bool forward_waits(Mode mode) const override { return producer_ != nullptr && mode == Mode::kTraining; }
  int forward_passes(Mode mode) const override { return unit_.stored && mode == Mode::kTraining ? 2 : 1; }
  void forward(Mode mode, int pass, const Chunk& chunk) final;
  void combine_forward(Mode mode, int pass, const Batch& batch) override;

  bool backward_waits() const override { return !unit_.stored; }
  int backward_passes() const override { return unit_.stored ? 2 : 1; }
  void backward(int pass, const Chunk& chunk) final;
  void combine_backward(int pass, const Batch& batch) override;

  /// The chunk's output as its reader sees it.
  void copy_output(const Chunk& chunk, float* to) const;

  // For the step that reads the output where it is not stored.
  kernels::train::Normalized view() const { return view_; }
  BatchStatistics& statistics() { return statistics_; }
  bool by_reader() const { return unit_.by_reader; }
  /// z, [rows, channels] of the chunk.
  float* sum(const Chunk& chunk) const { return place_->layout.raw(unit_.sum, chunk); }

  /// Rows of a chunk that the reader of a unit with by_reader has this unit compute, in order; in memory there is to be asked for ahead.
  struct Piece {
    int64_t first = 0, rows = 0;
    kernels::train::Ahead ahead = {}, ahead_too = {};  // the latter in the second product, where there are two
  };
  /// z of these rows.
  virtual void compute_sum(const Chunk& chunk, const Piece& piece);
  /// Takes the part of z's gradient that needs no sum over the batch.
  virtual void take_gradient(const Chunk& chunk, const Piece& piece, const float* gradient);

 protected:
  UnitStep(Workplace& place, const FusedUnit& unit, UnitStep* producer);

  /// z of the chunk; in training its sums too, which stand at 0 before.
  virtual void forward_chunk(Mode mode, const Chunk& chunk) = 0;
  virtual void backward_chunk(const Chunk& chunk) = 0;
  /// Alone, after the sums of this unit's gradient over the batch are known.
  virtual void prepare_backward(const Batch&) {}

  const graph::Op& linear() const { return place_->model.ops[static_cast<size_t>(unit_.linear)]; }
  float* scratch(const Chunk& chunk) const { return place_->block_scratch[static_cast<size_t>(chunk.worker)].data(); }
  /// Makes scratch() at least so large. Only while steps are made.
  void need_scratch(int64_t elems);
  void add_sums(const Chunk& chunk, int64_t rows, const float* z);
  /// Of the gradient that leaves for the producer, where one is.
  void mask_and_reduce_input(const Chunk& chunk, int64_t rows, const float* z, float* gradient);
  const float* output_gradient(const Chunk& chunk) const { return place_->layout.gradient(unit_.output, chunk); }

  Workplace* place_;
  FusedUnit unit_;
  UnitStep* producer_;
  BatchStatistics statistics_;
  kernels::train::NormalizedGradient gradient_line_;

 private:
  void reduce(const Chunk& chunk);
  void combine_gradients(const Batch& batch);

  kernels::train::Normalized view_;
};

}  // namespace liteqat::train
