#include "train/steps/fused_step.h"

#include <algorithm>
#include <limits>

#include "kernels/train/batch_norm.h"

namespace liteqat::train {
namespace {

using kernels::train::Normalized;

// 128 KiB of the larger tensor: input, output and gradients of a block and of the next one, which is asked for ahead, then fit a
// second-level cache of 1 MiB.
constexpr int64_t kBlockElems = 32768;

/// Enough slices that a pass over the weights' gradient is small beside theirs, few enough for the cache.
int32_t slices_of_block(int64_t input_slice, int64_t output_slice, int64_t weights, int64_t most) {
  const int64_t slices = std::max(kBlockElems / std::max(input_slice, output_slice), weights / (input_slice + output_slice));
  return static_cast<int32_t>(std::clamp<int64_t>(slices, 1, most));
}

}  // namespace

Result<std::unique_ptr<FusedStep>> FusedStep::make(Workplace& place, const FusedUnit& unit, FusedStep* producer) {
  LITEQAT_ASSIGN_OR_RETURN(std::unique_ptr<LinearOperator> linear, make_linear_operator(place, unit.linear, true));
  return std::unique_ptr<FusedStep>(new FusedStep(place, unit, producer, std::move(linear)));
}

FusedStep::FusedStep(Workplace& place, const FusedUnit& unit, FusedStep* producer, std::unique_ptr<LinearOperator> linear)
    : Step(place.model.ops[static_cast<size_t>(unit.linear)].name),
      place_(&place),
      unit_(unit),
      producer_(producer),
      linear_(std::move(linear)),
      statistics_(place, unit.norm),
      low_(unit.activation >= 0 ? 0.0f : -std::numeric_limits<float>::infinity()),
      high_(std::numeric_limits<float>::infinity()) {
  if (unit.activation >= 0 && place.model.ops[static_cast<size_t>(unit.activation)].kind == graph::OpKind::kRelu6) high_ = 6.0f;
  const int64_t weights = graph::elem_count(place.model.tensor(place.model.ops[static_cast<size_t>(unit.linear)].inputs[1]).shape);
  block_slices_ = slices_of_block(input_slice(), output_slice(), weights, int64_t{place.chunk} * linear_->slices_per_image());
  if (producer != nullptr) input_scratch_ = align_elems(input_slice() * block_slices_);
  const int64_t needed = input_scratch_ + align_elems(output_slice() * block_slices_);
  place.block_scratch.resize(static_cast<size_t>(place.workers));
  for (FloatBlock& scratch : place.block_scratch) {
    if (scratch.elems() < needed) scratch = FloatBlock(needed);
  }
}

Status FusedStep::configure(int32_t images) {
  const int32_t slices = images * linear_->slices_per_image(), rest = slices % block_slices_;
  LITEQAT_RETURN_IF_ERROR(linear_->configure(std::min(slices, block_slices_)));
  return rest == 0 ? Status{} : linear_->configure(rest);
}

void FusedStep::prepare(Mode mode, const Batch&) {
  linear_->prepare(mode);
  if (mode != Mode::kTraining) statistics_.use_moving();
}

template <typename Visit>
void FusedStep::for_each_block(const Chunk& chunk, const Visit& visit) const {
  const int32_t slices = chunk.count * linear_->slices_per_image();
  for (int32_t done = 0; done < slices; done += block_slices_) {
    const int32_t count = std::min(block_slices_, slices - done);
    visit(Block{.part = {count, chunk.group, chunk.first_of_group && done == 0, chunk.worker},
                .input = input_slice() * done,
                .output = output_slice() * done,
                .input_elems = input_slice() * count,
                .output_elems = output_slice() * count,
                .last = done + count == slices});
  }
}

const float* FusedStep::next_input(const Chunk& chunk, const Block& block) const {
  return block.last ? nullptr : place_->layout.value(unit_.input, chunk) + block.input + block.input_elems;
}

const float* FusedStep::load_input(const Chunk& chunk, const Block& block) const {
  const float* from = place_->layout.value(unit_.input, chunk) + block.input;  // the producer's z where its output is not stored
  if (producer_ == nullptr) return from;
  kernels::train::normalize(producer_->view(), input_rows(block), producer_->statistics_.channels(), from, scratch(chunk));
  return scratch(chunk);
}

void FusedStep::forward(Mode mode, int pass, const Chunk& chunk) {
  if (pass == 0) {
    if (mode == Mode::kTraining) statistics_.clear(chunk);
    for_each_block(chunk, [&](const Block& block) {
      float* z = sum(chunk) + block.output;
      linear_->forward(chunk.worker, block.part.slices, load_input(chunk, block), z, {{next_input(chunk, block)}, block.input_elems});
      if (mode != Mode::kTraining) return;
      kernels::train::batch_norm_partial_sums(output_rows(block), statistics_.channels(), z, statistics_.first_partial(chunk),
                                              statistics_.second_partial(chunk));
    });
  }
  if (unit_.stored && (pass == 1 || mode != Mode::kTraining)) copy_output(chunk, place_->layout.raw(unit_.output, chunk));
}

void FusedStep::combine_forward(Mode mode, int pass, const Batch& batch) {
  if (mode == Mode::kTraining && pass == 0) statistics_.combine_moments(batch);
}

/// A stored output has readers that know nothing of this unit: their gradient is masked and reduced in a pass of its own.
void FusedStep::reduce(const Chunk& chunk) {
  statistics_.clear(chunk);
  kernels::train::mask_and_reduce(view(), statistics_.mean(), statistics_.rows(chunk), statistics_.channels(), sum(chunk),
                                  place_->layout.gradient(unit_.output, chunk), statistics_.first_partial(chunk),
                                  statistics_.second_partial(chunk));
}

void FusedStep::backward(int pass, const Chunk& chunk) {
  if (unit_.stored && pass == 0) return reduce(chunk);
  if (producer_ != nullptr) producer_->statistics_.clear(chunk);
  GradientTarget dx(*place_, unit_.linear, 0, chunk);
  for_each_block(chunk, [&](const Block& block) { backward_block(chunk, block, dx.data()); });
  if (dx.data() != nullptr) dx.finish();
}

void FusedStep::backward_block(const Chunk& chunk, const Block& block, float* input_gradient) {
  float* dz = scratch(chunk) + input_scratch_;
  kernels::train::normalized_gradient(gradient_line_, output_rows(block), statistics_.channels(), sum(chunk) + block.output,
                                      place_->layout.gradient(unit_.output, chunk) + block.output, dz);
  // Behind the block's end lies the next one, in every tensor.
  const float* next = block.last ? nullptr : sum(chunk) + block.output + block.output_elems;
  const float* next_gradient = block.last ? nullptr : place_->layout.gradient(unit_.output, chunk) + block.output + block.output_elems;
  linear_->backward_weights(block.part, load_input(chunk, block), dz, {{next, next_gradient}, block.output_elems});
  if (input_gradient == nullptr) return;
  float* dx = input_gradient + block.input;
  linear_->backward_data(chunk.worker, block.part.slices, dz, dx, {{next_input(chunk, block)}, block.input_elems});
  if (producer_ == nullptr) return;
  BatchStatistics& statistics = producer_->statistics_;
  kernels::train::mask_and_reduce(producer_->view(), statistics.mean(), input_rows(block), statistics.channels(),
                                  producer_->sum(chunk) + block.input, dx, statistics.first_partial(chunk),
                                  statistics.second_partial(chunk));
}

void FusedStep::combine_backward(int pass, const Batch& batch) {
  FusedStep* reduced = unit_.stored && pass == 0 ? this : producer_;
  if (reduced == nullptr) return;
  reduced->statistics_.combine_gradients(batch, false);
  reduced->gradient_line_ = reduced->statistics_.gradient_line(reduced->view());
}

void FusedStep::copy_output(const Chunk& chunk, float* to) const {
  kernels::train::normalize(view(), statistics_.rows(chunk), statistics_.channels(), sum(chunk), to);
}

}  // namespace liteqat::train
