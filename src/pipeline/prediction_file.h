// Predictions and labels from any framework: .npy, .npz ("file.npz:key") and .csv with class indices [N] or scores [N, C].
#pragma once

#include <string>
#include <vector>

#include "audit/answers.h"
#include "base/status.h"

namespace liteqat::pipeline {

/// `spec` is a path, or path.npz:key. The answers are named by the file's stem, or by the key. Fails: kNotFound, kCorruptFile (with the
/// line or offset), kMismatch (shape), kOutOfRange (NaN, a class index that is negative or no whole number).
Result<audit::Answers> read_prediction_file(const std::string& spec);

/// Class indices; (N,1) is flattened, and one-hot rows (one 1, else 0) become their class. Fails as above.
Result<std::vector<int32_t>> read_label_file(const std::string& spec);

}  // namespace liteqat::pipeline
