#include "train/steps/unit_step.h"

#include <limits>

#include "base/check.h"
#include "kernels/train/batch_norm.h"

namespace liteqat::train {

namespace {

/// Of a unit without scales: its activation.
kernels::train::Normalized view_of(const graph::Graph& model, const FusedUnit& unit) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (unit.activation < 0) return {.low = -kInfinity, .high = kInfinity};
  const graph::OpKind kind = model.ops[static_cast<size_t>(unit.activation)].kind;
  const bool swish = kind == graph::OpKind::kHardSwish;
  return {.low = 0.0f,
          .high = kind == graph::OpKind::kRelu6 ? 6.0f : kInfinity,
          .activation = swish ? kernels::train::UnitActivation::kHardSwish : kernels::train::UnitActivation::kClamp};
}

}  // namespace

UnitStep::UnitStep(Workplace& place, const FusedUnit& unit, UnitStep* producer)
    : Step(place.model.ops[static_cast<size_t>(unit.linear)].name),
      place_(&place),
      unit_(unit),
      producer_(producer),
      statistics_(place, unit.norm),
      view_(view_of(place.model, unit)) {
  view_.scale = statistics_.scale(), view_.shift = statistics_.shift();
}

void UnitStep::need_scratch(int64_t elems) {
  place_->block_scratch.resize(static_cast<size_t>(place_->workers));
  for (FloatBlock& scratch : place_->block_scratch) {
    if (scratch.elems() < elems) scratch = FloatBlock(elems);
  }
}

void UnitStep::forward(Mode mode, int pass, const Chunk& chunk) {
  if (pass == 0) {
    if (mode == Mode::kTraining) statistics_.clear(chunk);
    forward_chunk(mode, chunk);
  }
  if (unit_.stored && (pass == 1 || mode != Mode::kTraining)) copy_output(chunk, place_->layout.raw(unit_.output, chunk));
}

void UnitStep::combine_forward(Mode mode, int pass, const Batch& batch) {
  if (mode == Mode::kTraining && pass == 0) statistics_.combine_moments(batch);
}

void UnitStep::backward(int pass, const Chunk& chunk) {
  if (unit_.stored && pass == 0) return reduce(chunk);
  if (producer_ != nullptr) producer_->statistics_.clear(chunk);
  backward_chunk(chunk);
}

/// A stored output has readers that know nothing of this unit: their gradient is masked and reduced in a pass of its own.
void UnitStep::reduce(const Chunk& chunk) {
  statistics_.clear(chunk);
  kernels::train::mask_and_reduce(view(), statistics_.mean(), statistics_.rows(chunk), statistics_.channels(), sum(chunk),
                                  place_->layout.gradient(unit_.output, chunk), statistics_.first_partial(chunk),
                                  statistics_.second_partial(chunk));
}

void UnitStep::combine_backward(int pass, const Batch& batch) {
  UnitStep* reduced = unit_.stored && pass == 0 ? this : producer_;
  if (reduced != nullptr) reduced->combine_gradients(batch);
}

void UnitStep::combine_gradients(const Batch& batch) {
  statistics_.combine_gradients(batch, false);
  gradient_line_ = statistics_.gradient_line();
  prepare_backward(batch);
}

void UnitStep::copy_output(const Chunk& chunk, float* to) const {
  kernels::train::normalize(view(), statistics_.rows(chunk), statistics_.channels(), sum(chunk), to);
}

void UnitStep::add_sums(const Chunk& chunk, int64_t rows, const float* z) {
  kernels::train::batch_norm_partial_sums(rows, statistics_.channels(), z, statistics_.first_partial(chunk),
                                          statistics_.second_partial(chunk));
}

void UnitStep::mask_and_reduce_input(const Chunk& chunk, int64_t rows, const float* z, float* gradient) {
  BatchStatistics& statistics = producer_->statistics_;
  kernels::train::mask_and_reduce(producer_->view(), statistics.mean(), rows, statistics.channels(), z, gradient,
                                  statistics.first_partial(chunk), statistics.second_partial(chunk));
}

void UnitStep::compute_sum(const Chunk&, const Piece&) {
  LITEQAT_CHECK(false);
}

void UnitStep::take_gradient(const Chunk&, const Piece&, const float*) {
  LITEQAT_CHECK(false);
}

}  // namespace liteqat::train
