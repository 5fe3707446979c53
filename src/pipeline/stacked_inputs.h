// Stored arrays as a model's inputs: how N inputs lie in one array, and one of them as the bytes that the model takes. Used by predict.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/batches.h"
#include "formats/npy/npy.h"
#include "graph/graph.h"

namespace liteqat::pipeline {

/// N inputs stacked: on a new first axis, or on a batch axis of extent 1.
struct Stacking {
  int64_t count = 0;
  bool new_axis = false;

  /// The shape of as many tensors of this shape, stacked likewise; on a new axis where its first extent is not 1.
  std::vector<int64_t> stacked_shape(const graph::Shape& one) const;
};

/// Fails: kMismatch with both shapes.
Result<Stacking> find_stacking(const std::vector<int64_t>& shape, const graph::Tensor& input, const std::string& path);

/// int8 or uint8 with one scale: what eval::write_input and eval::read_output convert.
bool has_codes(const graph::Tensor& tensor);

/// Turns one stored input into the bytes the model takes. Refers to what it was made of. Thread-safe.
class InputConverter {
 public:
  /// `raw`: the array holds the input's own type. Fails: kMismatch for a type that does not fit, kOutOfRange for a number that an integer
  /// input has no code for.
  static Result<InputConverter> make(const formats::npy::Array& array, const graph::Tensor& input, data::Normalization normalization,
                                     bool raw, const std::string& path);

  /// Requires: index below the number of stacked inputs, out of the input's size.
  void convert(int64_t index, std::span<std::byte> out) const;

 private:
  InputConverter(const formats::npy::Array& array, const graph::Tensor& input, data::Normalization normalization)
      : array_(array), input_(input), normalization_(std::move(normalization)) {}

  float real_value(const std::byte* stored, size_t i, size_t channel) const;

  const formats::npy::Array& array_;
  const graph::Tensor& input_;
  data::Normalization normalization_;
  bool copy_ = false;
};

}  // namespace liteqat::pipeline
