#include "train/steps/fused_step.h"

#include <algorithm>

namespace liteqat::train {

Result<std::unique_ptr<FusedStep>> FusedStep::make(Workplace& place, const FusedUnit& unit, UnitStep* producer) {
  LITEQAT_ASSIGN_OR_RETURN(std::unique_ptr<LinearOperator> linear, make_linear_operator(place, unit.linear, true));
  auto step = std::unique_ptr<FusedStep>(new FusedStep(place, unit, producer, std::move(linear)));
  if (unit.by_reader && place.training) {
    LITEQAT_ASSIGN_OR_RETURN(const Isa isa, select_isa());
    step->moments_.emplace(place, unit.linear, kernels::train::find_pointwise_kernels(isa));
  }
  return step;
}

FusedStep::FusedStep(Workplace& place, const FusedUnit& unit, UnitStep* producer, std::unique_ptr<LinearOperator> linear)
    : UnitStep(place, unit, producer), linear_(std::move(linear)) {
  const int64_t weights = graph::elem_count(place.model.tensor(this->linear().inputs[1]).shape);
  block_slices_ = static_cast<int32_t>(
      std::min(slices_of_block(input_slice(), output_slice(), weights, kBlockElems), int64_t{place.chunk} * linear_->slices_per_image()));
  if (producer != nullptr) input_scratch_ = align_elems(input_slice() * block_slices_);
  need_scratch(input_scratch_ + align_elems(output_slice() * block_slices_));
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

const float* FusedStep::load_input(const Chunk& chunk, int64_t at, int64_t elems, float* to) const {
  const float* from = place_->layout.value(unit_.input, chunk) + at;  // the producer's z where its output is not stored
  if (producer_ == nullptr) return from;
  const int64_t channels = producer_->statistics().channels();
  kernels::train::normalize(producer_->view(), elems / channels, channels, from, to);
  return to;
}

void FusedStep::forward_chunk(Mode mode, const Chunk& chunk) {
  if (unit_.by_reader && mode != Mode::kTraining) return;
  for_each_block(chunk, [&](const Block& block) {
    float* z = sum(chunk) + block.output;
    const float* x = load_input(chunk, block.input, block.input_elems, scratch(chunk));
    if (moments_) return moments_->add_input(chunk.group, block.part.first_of_group, block.part.slices, x);
    const Ahead ahead{{next_input(chunk, block)}, block.input_elems, {block.last ? nullptr : z + block.output_elems}, block.output_elems};
    linear_->forward(chunk.worker, block.part.slices, x, z, ahead);
    if (mode == Mode::kTraining) add_sums(chunk, output_rows(block), z);
  });
}

void FusedStep::backward_chunk(const Chunk& chunk) {
  if (moments_) {
    if (!place_->layout.has_gradient(unit_.input)) return;
    for_each_block(chunk, [&](const Block& block) { finish_block(chunk, block, place_->layout.gradient(unit_.input, chunk)); });
    return;
  }
  GradientTarget dx(*place_, unit_.linear, 0, chunk);
  for_each_block(chunk, [&](const Block& block) { backward_block(chunk, block, dx.data()); });
  if (dx.data() != nullptr) dx.finish();
}

void FusedStep::backward_block(const Chunk& chunk, const Block& block, float* input_gradient) {
  float* dz = scratch(chunk) + input_scratch_;
  kernels::train::normalized_gradient(gradient_line_, output_rows(block), statistics_.channels(), sum(chunk) + block.output,
                                      output_gradient(chunk) + block.output, dz);
  // Behind the block's end lies the next one, in every tensor.
  const float* next = block.last ? nullptr : sum(chunk) + block.output + block.output_elems;
  const float* next_gradient = block.last ? nullptr : output_gradient(chunk) + block.output + block.output_elems;
  const float* x = load_input(chunk, block.input, block.input_elems, scratch(chunk));
  linear_->backward_weights(block.part, x, dz, {{next, next_gradient}, block.output_elems});
  if (input_gradient == nullptr) return;
  linear_->backward_data(chunk.worker, block.part.slices, dz, input_gradient + block.input,
                         {{next_input(chunk, block)},
                          block.input_elems,
                          {block.last ? nullptr : input_gradient + block.input + block.input_elems},
                          block.input_elems});
  reduce_input(chunk, block, input_gradient);
}

void FusedStep::reduce_input(const Chunk& chunk, const Block& block, float* input_gradient) {
  if (producer_ == nullptr) return;
  mask_and_reduce_input(chunk, block.input_elems / producer_->statistics().channels(), producer_->sum(chunk) + block.input,
                        input_gradient + block.input);
}

void FusedStep::combine_forward(Mode mode, int pass, const Batch& batch) {
  if (!moments_ || mode != Mode::kTraining) return UnitStep::combine_forward(mode, pass, batch);
  moments_->combine_forward(batch, int64_t{batch.all_images} * linear_->slices_per_image(), statistics_);
}

const float* FusedStep::load_piece(const Chunk& chunk, const Piece& piece) const {
  const int64_t channels = input_slice();
  return load_input(chunk, piece.first * channels, piece.rows * channels, place_->taken_scratch[static_cast<size_t>(chunk.worker)].data());
}

void FusedStep::compute_sum(const Chunk& chunk, const Piece& piece) {
  linear_->forward(chunk.worker, static_cast<int32_t>(piece.rows), load_piece(chunk, piece),
                   sum(chunk) + piece.first * statistics_.channels(), piece.ahead);
}

void FusedStep::take_gradient(const Chunk& chunk, const Piece& piece, const float* gradient) {
  const bool fresh = chunk.first_of_group && piece.first == 0;
  const auto rows = static_cast<int32_t>(piece.rows);
  linear_->backward_weights({rows, chunk.group, fresh, chunk.worker}, load_piece(chunk, piece), gradient, piece.ahead);
  if (!place_->layout.has_gradient(unit_.input)) return;
  float* dx = place_->layout.gradient(unit_.input, chunk) + piece.first * input_slice();
  if (place_->layout.accumulates(unit_.linear, 0)) {
    linear_->add_backward_data(chunk.worker, rows, gradient, dx, piece.ahead_too);
  } else {
    linear_->backward_data(chunk.worker, rows, gradient, dx, piece.ahead_too);
  }
}

void FusedStep::prepare_backward(const Batch&) {
  if (moments_) moments_->combine_backward(statistics_.batch_rows(), gradient_line_);
}

/// What take_gradient() could not know yet.
void FusedStep::finish_block(const Chunk& chunk, const Block& block, float* input_gradient) {
  const float* x = load_input(chunk, block.input, block.input_elems, scratch(chunk));
  moments_->add_to_gradient(block.part.slices, x, input_gradient + block.input, {{next_input(chunk, block)}, block.input_elems});
  reduce_input(chunk, block, input_gradient);
}

}  // namespace liteqat::train
