#include "kernels/requantize/requantize.h"

#include "kernels/requantize/implementations.h"
#include "numeric/requantize.h"

namespace liteqat::kernels::requantize {
namespace {

void run_reference(const Params& params, const int32_t* accumulators, int64_t count, int8_t* codes) {
  for (int64_t index = 0; index < count; ++index) {
    const auto requantization =
        params.factors != nullptr ? numeric::Requantization::kFloatHalfEven : numeric::Requantization::kTwoRoundings;
    const numeric::Rescale rescale = {params.multiplier, params.factors != nullptr ? static_cast<double>(*params.factors) : 0.0};
    codes[index] = static_cast<int8_t>(numeric::requantize(requantization, accumulators[index], rescale, params.zero_point, params.clamp));
  }
}

constexpr Implementation kAll[] = {
    {"reference", Isa::kReference, false, run_reference},
#if defined(__x86_64__)
    {"integer_avx2", Isa::kAvx2, false, integer_avx2},
    {"integer_avx512", Isa::kAvx512, false, integer_avx512},
    {"steps_avx512", Isa::kAvx512, true, steps_avx512},
#endif
};

}  // namespace

std::span<const Implementation> implementations() {
  return kAll;
}

}  // namespace liteqat::kernels::requantize
