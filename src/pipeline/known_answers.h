// What goes with a model to where it is deployed: known-answer vectors (inputs and the outputs that our runtime gives, as .npy and as a C
// header) and the file itself as a C array.
#pragma once

#include <string>

#include "base/file.h"
#include "base/status.h"
#include "graph/graph.h"
#include "ptq/observe.h"

namespace liteqat::pipeline {

/// The first `count` images through the model: DIR/inputs.npy, DIR/outputs.npy [count, ...] in the model's own types, and DIR/vectors.h
/// with the same values. Fails: kMismatch for images of another shape, kIo.
Status write_vectors(const graph::Graph& model, const ptq::Images& images, int64_t count, Isa isa, const std::string& folder);

/// "alignas(16) const unsigned char NAME[] = {...}; const unsigned int NAME_len": NAME from the file name.
std::string print_c_array(std::span<const std::byte> bytes, const std::string& header_path);

}  // namespace liteqat::pipeline
