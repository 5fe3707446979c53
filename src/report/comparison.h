// The terminal's text for a comparison record. Formats, computes nothing.
#pragma once

#include <string>

#include "results/comparison.h"

namespace liteqat::report {

/// `details`: flips by class too.
std::string render_comparison(const results::Comparison& comparison, bool details);

}  // namespace liteqat::report
