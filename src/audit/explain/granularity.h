// Which counts of images can print a figure's digits: the granularity (GRIM) test of Brown and Heathers (2017) for printed accuracies,
// in integers. A count k of n can print the digits if k/n, computed in float32 or double in any of the usual ways and then rounded to
// the printed places, can give them; the bound on those computations' rounding is in the source. Exact ties count for both sides.
#pragma once

#include <cstdint>
#include <optional>

#include "audit/figures/figures.h"

namespace liteqat::audit {

struct CountRange {
  int64_t low = 0, high = 0;
};

/// The numerators m with m/denominator printing the figure's digits, where m may be any whole number, above the denominator or below 0
/// included. Empty if there is none. Requires: 0 < denominator <= 10^9. For a ratio: the counts equal to it.
std::optional<CountRange> whole_numerators(const Figure& figure, int64_t denominator);

/// The same within 0..total: counts of right images among total.
std::optional<CountRange> numerators(const Figure& figure, int64_t total);

/// True if numerator/denominator is the printed value itself, with no digit rounded away.
bool prints_exactly(const Figure& figure, int64_t numerator, int64_t denominator);

/// True if a count of the range, divided once in double (and rounded once to float32 for digits of a float32), has all the printed digits;
/// also for figures that do not show all digits, of which nothing more can be asked.
bool prints_after_one_division(const Figure& figure, CountRange numerators, int64_t denominator);

/// Half of the last printed place as a fraction of 1; what rounding can have hidden.
double half_place(const Figure& figure);

/// The width of the values that print these digits: the last place, or the spacing of float32 or double where that is wider.
double resolution(const Figure& figure);

/// The same digits with the decimal point moved: a percentage read once more as one (places < 0 multiplies by 10^-places).
Figure shifted(const Figure& figure, int places);

}  // namespace liteqat::audit
