#include "kernels/add/line.h"

#include <algorithm>
#include <cmath>

#include "kernels/add/line_implementations.h"

namespace liteqat::kernels::add {
namespace {

double real_of(numeric::Multiplier multiplier) {
  return std::ldexp(static_cast<double>(multiplier.mantissa), multiplier.shift - 31);
}

/// Everything but the constant: the slopes of the real sum that the parameters describe. False where they do not fit.
bool make_slopes(const CodesParams& params, Line* line) {
  constexpr int32_t kMostShift = 22, kLeastShift = 16, kLowBits = 15;
  const double unit = std::ldexp(real_of(params.rescale.output), numeric::kAddLeftShift);
  const double a = unit * real_of(params.rescale.a), b = unit * real_of(params.rescale.b);
  // |a * slope + b * slope + constant| in codes: the constant undoes the zero points and adds the output's.
  const double farthest = 256 * (a + b) + 256;
  const int32_t shift = std::min(kMostShift, 30 - std::ilogb(farthest));
  const double largest = std::ldexp(std::max(a, b), shift + kLowBits - 8);
  if (shift < kLeastShift || largest >= (1 << 30)) return false;
  const auto a_slope = static_cast<int32_t>(std::lround(std::ldexp(a, shift + kLowBits - 8)));
  const auto b_slope = static_cast<int32_t>(std::lround(std::ldexp(b, shift + kLowBits - 8)));
  constexpr int32_t kLowMask = (1 << kLowBits) - 1;
  line->a_high = static_cast<int16_t>(a_slope >> kLowBits);
  line->a_low = static_cast<int16_t>(a_slope & kLowMask);
  line->b_high = static_cast<int16_t>(b_slope >> kLowBits);
  line->b_low = static_cast<int16_t>(b_slope & kLowMask);
  line->shift = shift;
  line->clamp = params.clamp;
  return true;
}

}  // namespace

#define LITEQAT_KERNEL(isa) &line_##isa(),
const LineKernel* find_line_kernel(const CodesParams& params, Isa isa, Line* line) {
  static const LineKernel* const kList[] = {
#include "kernels/add/line_kernels.inc"
      nullptr};
  for (const LineKernel* kernel : kList) {
    if (kernel == nullptr || kernel->isa > isa) continue;
    return make_slopes(params, line) && kernel->find_constant(params, line) ? kernel : nullptr;
  }
  return nullptr;
}
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::add
