#include "train/steps/strip_step.h"

#include <algorithm>

#include "train/steps/window.h"

namespace liteqat::train {

using kernels::train::Rows;
using kernels::train::Strip;

namespace {

// 128 KiB of input or output a strip, of a second-level cache of 1 MiB: less is slower by 2 %, for want of rows in the matrix products.
constexpr int64_t kStripElems = 32768;
// 128 KiB of input gradient at a time go to the unit that is taken along: enough rows for its matrix products.
constexpr int64_t kTakenElems = 32768;

int32_t rows_of_strip(int64_t row_elems, int32_t rows) {
  return static_cast<int32_t>(std::clamp<int64_t>(kStripElems / row_elems, 1, rows));
}

}  // namespace

/// Where a worker stands in the reverse of a chunk.
struct StripStep::Reverse {
  const Chunk& chunk;
  float* dweights;        // null: not trained
  float* input_gradient;  // of the chunk; null: nobody needs it, or the producer takes it
  bool takes;             // the producer does
  RowWindow inputs{nullptr, 0, 0}, gradients{nullptr, 0, 0};
  const float *image_input = nullptr, *image_sum = nullptr, *image_gradient = nullptr;
  float* taken = nullptr;
  int64_t taken_first = 0, taken_rows = 0;  // positions of the chunk that `taken` holds
};

Result<std::unique_ptr<StripStep>> StripStep::make(Workplace& place, const FusedUnit& unit, UnitStep* producer) {
  const graph::Op& conv = place.model.ops[static_cast<size_t>(unit.linear)];
  LITEQAT_ASSIGN_OR_RETURN(const Isa isa, select_isa());
  LITEQAT_ASSIGN_OR_RETURN(OperatorWeights weights, OperatorWeights::make(place, unit.linear, true));
  return std::unique_ptr<StripStep>(new StripStep(place, unit, producer, std::move(weights), kernels::train::find_depthwise_kernels(isa),
                                                  depthwise_shape(place.model, conv)));
}

StripStep::StripStep(Workplace& place, const FusedUnit& unit, UnitStep* producer, OperatorWeights weights,
                     const kernels::train::DepthwiseKernels& kernels, const kernels::train::DepthwiseShape& shape)
    : UnitStep(place, unit, producer), weights_(std::move(weights)), kernels_(kernels), shape_(shape) {
  input_strip_ = rows_of_strip(input_row(), shape_.window.height);
  output_strip_ = rows_of_strip(output_row(), shape_.window.out_height);
  windows_ = plan_windows();
  need_scratch(windows_.taken + windows_.taken_elems);
  if (producer == nullptr || !producer->by_reader()) return;
  place.taken_scratch.resize(static_cast<size_t>(place.workers));
  // The producer's input has at most half of the channels: enough for what a strip adds to rows left over by the strip before.
  const int64_t elems = std::max(windows_.taken_elems, (windows_.input_rows + shape.window.stride_h) * input_row());
  for (FloatBlock& scratch : place.taken_scratch) {
    if (scratch.elems() < elems) scratch = FloatBlock(elems);
  }
}

StripStep::Windows StripStep::plan_windows() const {
  Windows windows;
  const auto count_inputs = [&](const Rows& outputs) {
    const Rows inputs = input_rows_of(shape_.window, outputs);
    windows.input_rows = std::max(windows.input_rows, inputs.end - inputs.begin);
  };
  for (int32_t row = 0; row < shape_.window.out_height; row += output_strip_)
    count_inputs({row, std::min(row + output_strip_, shape_.window.out_height)});
  int32_t done = 0;
  for_each_input_strip([&](const Rows& inputs, int32_t outputs_end) {
    const int32_t keep = std::min(done, output_rows_of(shape_.window, inputs).begin);
    windows.output_rows = std::max(windows.output_rows, outputs_end - keep);
    if (done < outputs_end) count_inputs({done, outputs_end});
    done = outputs_end;
  });
  windows.gradients = align_elems(windows.input_rows * input_row());
  windows.taken = windows.gradients + align_elems(windows.output_rows * output_row());
  if (producer_ != nullptr) windows.taken_elems = align_elems(std::max(kTakenElems, input_strip_ * input_row()));
  return windows;
}

template <typename Visit>
void StripStep::for_each_input_strip(const Visit& visit) const {
  const int32_t height = shape_.window.height;
  int32_t done = 0;
  for (int32_t row = 0; row < height; row += input_strip_) {
    const Rows inputs{row, std::min(row + input_strip_, height)};
    // Outputs that read nothing but padding still end somewhere: with the last strip.
    done = inputs.end == height ? shape_.window.out_height : std::max(done, output_rows_of(shape_.window, inputs).end);
    visit(inputs, done);
  }
}

void StripStep::prepare(Mode mode, const Batch&) {
  weights_.prepare(mode);
  if (mode != Mode::kTraining) statistics_.use_moving();
}

void StripStep::normalize_rows(const float* image, const Rows& rows, RowWindow& window) const {
  const int64_t positions = int64_t{rows.end - rows.begin} * shape_.window.width;
  kernels::train::normalize(producer_->view(), positions, shape_.window.channels, image + rows.begin * input_row(), window.row(rows.begin));
}

StripStep::Source StripStep::load_input(const float* image, const Rows& outputs, RowWindow& window) const {
  if (producer_ == nullptr) return {image, 0};
  const Rows inputs = input_rows_of(shape_.window, outputs);
  normalize_rows(image, window.advance(inputs.begin, inputs.end), window);
  return {window.data(), window.first()};
}

/// The producer's z at these rows of an image, where it is taken along. `to`: this unit's z, which is written next.
void StripStep::compute_input(const Chunk& chunk, int32_t image, const Rows& rows, const float* to) {
  if (producer_ == nullptr || !producer_->by_reader() || rows.begin >= rows.end) return;
  const int64_t width = shape_.window.width, height = shape_.window.height, channels = shape_.window.channels;
  Piece piece{.first = (image * height + rows.begin) * width, .rows = (rows.end - rows.begin) * width};
  const int64_t after = piece.first + piece.rows;
  const bool more = after + piece.rows <= chunk.count * height * width;
  piece.ahead.to[0] = more ? producer_->sum(chunk) + after * channels : nullptr;
  piece.ahead.to[1] = to;
  piece.ahead.to_elems = piece.rows * channels / (shape_.window.stride_h * shape_.window.stride_w);
  producer_->compute_sum(chunk, piece);
}

void StripStep::forward_chunk(Mode mode, const Chunk& chunk) {
  const float* x = place_->layout.value(unit_.input, chunk);
  float* z = sum(chunk);
  const int32_t height = shape_.window.height, out_height = shape_.window.out_height;
  for (int32_t image = 0; image < chunk.count; ++image, x += input_image(), z += output_image()) {
    RowWindow window(scratch(chunk), input_row(), windows_.input_rows);
    int32_t computed = 0;
    for (int32_t row = 0; row < out_height; row += output_strip_) {
      const Rows outputs{row, std::min(row + output_strip_, out_height)};
      // The rows that no window reads, between two or behind the last, are part of the producer's z all the same.
      const int32_t needed = outputs.end == out_height ? height : input_rows_of(shape_.window, outputs).end;
      float* to = z + row * output_row();
      compute_input(chunk, image, {computed, needed}, to);
      computed = std::max(computed, needed);
      const Source source = load_input(x, outputs, window);
      kernels_.forward_rows(shape_, {outputs.begin, outputs.end, source.first}, source.data, weights_.weights(), weights_.bias(), to);
      if (mode == Mode::kTraining) add_sums(chunk, int64_t{outputs.end - outputs.begin} * shape_.window.out_width, to);
    }
  }
}

void StripStep::backward_chunk(const Chunk& chunk) {
  const bool takes = producer_ != nullptr && producer_->by_reader();
  GradientTarget dx(*place_, unit_.linear, 0, chunk);
  Reverse reverse{.chunk = chunk, .dweights = weights_.partials(chunk.group).weights, .input_gradient = dx.data(), .takes = takes};
  if (reverse.dweights != nullptr && chunk.first_of_group) {
    std::fill_n(reverse.dweights, int64_t{shape_.window.filter_h} * shape_.window.filter_w * shape_.window.channels, 0.0f);
  }
  reverse.taken = scratch(chunk) + windows_.taken;
  for (int32_t image = 0; image < chunk.count; ++image) reverse_image(reverse, image);
  if (takes) return pass_taken(reverse);
  if (dx.data() != nullptr) dx.finish();
}

void StripStep::reverse_image(Reverse& reverse, int32_t image) {
  const Chunk& chunk = reverse.chunk;
  reverse.image_input = place_->layout.value(unit_.input, chunk) + image * input_image();
  reverse.image_sum = sum(chunk) + image * output_image();
  reverse.image_gradient = output_gradient(chunk) + image * output_image();
  reverse.inputs = RowWindow(scratch(chunk), input_row(), windows_.input_rows);
  reverse.gradients = RowWindow(scratch(chunk) + windows_.gradients, output_row(), windows_.output_rows);
  for_each_input_strip([&](const Rows& inputs, int32_t outputs_end) {
    const Rows outputs{reverse.gradients.end(), outputs_end};
    reverse_outputs(reverse, outputs, std::min(outputs.begin, output_rows_of(shape_.window, inputs).begin));
    if (reverse.takes || reverse.input_gradient != nullptr) reverse_inputs(reverse, image, inputs);
  });
}

/// z's gradient at these rows, which the window then holds from `keep` on, and what they add to the gradient of the weights.
void StripStep::reverse_outputs(Reverse& reverse, const Rows& outputs, int32_t keep) {
  reverse.gradients.advance(keep, outputs.end);
  if (outputs.begin == outputs.end) return;
  float* dz = reverse.gradients.row(outputs.begin);
  const int64_t rows = int64_t{outputs.end - outputs.begin} * shape_.window.out_width, at = outputs.begin * output_row();
  kernels::train::normalized_gradient(gradient_line_, rows, statistics_.channels(), reverse.image_sum + at, reverse.image_gradient + at,
                                      dz);
  if (reverse.dweights == nullptr) return;
  const Source source = load_input(reverse.image_input, outputs, reverse.inputs);
  kernels_.add_weights_of_rows(shape_, {outputs.begin, outputs.end, source.first}, source.data, dz, reverse.dweights);
}

void StripStep::reverse_inputs(Reverse& reverse, int32_t image, const Rows& inputs) {
  const int64_t rows = int64_t{inputs.end - inputs.begin} * shape_.window.width, channels = shape_.window.channels;
  const int64_t at = inputs.begin * input_row();
  if (reverse.takes && (reverse.taken_rows + rows) * channels > windows_.taken_elems) pass_taken(reverse);
  float* dx = reverse.takes ? reverse.taken + reverse.taken_rows * channels : reverse.input_gradient + image * input_image() + at;
  kernels_.backward_data_rows(shape_, {inputs.begin, inputs.end, reverse.gradients.first()}, reverse.gradients.data(), weights_.weights(),
                              dx);
  if (producer_ == nullptr) return;
  const float* z = reverse.image_input + at;
  if (!reverse.takes) return mask_and_reduce_input(reverse.chunk, rows, z, dx);
  BatchStatistics& statistics = producer_->statistics();
  kernels::train::mask_reduce_and_scale(producer_->view(), statistics.mean(), rows, channels, z, dx,
                                        statistics.first_partial(reverse.chunk), statistics.second_partial(reverse.chunk));
  reverse.taken_rows += rows;
}

void StripStep::pass_taken(Reverse& reverse) {
  const int64_t after = reverse.taken_first + reverse.taken_rows, channels = shape_.window.channels;
  const int64_t positions = int64_t{reverse.chunk.count} * shape_.window.height * shape_.window.width;
  if (reverse.taken_rows > 0) {
    Piece piece{.first = reverse.taken_first, .rows = reverse.taken_rows};
    if (after + reverse.taken_rows <= positions) {  // the next piece: what it reads while this one is multiplied
      const int64_t done = reverse.gradients.end() * output_row(), elems = reverse.taken_rows * channels;
      const float* z = place_->layout.value(unit_.input, reverse.chunk) + after * channels;
      piece.ahead = {{reverse.image_sum + done, reverse.image_gradient + done}, elems / (shape_.window.stride_h * shape_.window.stride_w)};
      piece.ahead_too = {{z}, elems};
    }
    producer_->take_gradient(reverse.chunk, piece, reverse.taken);
  }
  reverse.taken_first = after;
  reverse.taken_rows = 0;
}

}  // namespace liteqat::train
