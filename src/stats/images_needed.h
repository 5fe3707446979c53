// How many images tell two accuracies apart.
#pragma once

#include <cstdint>
#include <optional>

namespace liteqat::stats {

/// Images per model, each on images of its own (unpaired), at which the two-sided test of two proportions at level alpha finds the
/// difference between a and b with probability `power`. Empty for a == b. Requires: 0 <= a, b <= 1; 0 < alpha, power < 1.
/// Source: Fleiss, Levin, Paik, Statistical Methods for Rates and Proportions, 3rd ed. (2003), equation 4.14 (no continuity correction).
std::optional<int64_t> images_needed_unpaired(double a, double b, double alpha, double power);

}  // namespace liteqat::stats
