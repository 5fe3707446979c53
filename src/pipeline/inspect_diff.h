// Two models side by side, operator by operator: kinds, shapes, types, scales, zero points and constants.
#pragma once

#include <string>

#include "base/status.h"
#include "results/model_difference.h"

namespace liteqat::pipeline {

/// Operators are compared in order as far as their kinds agree; where they part, that is the last difference of the list. Fails as
/// read_any_model does.
Result<results::ModelComparison> diff_models(const std::string& a, const std::string& b);

}  // namespace liteqat::pipeline
