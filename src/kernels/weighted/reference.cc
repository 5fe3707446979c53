#include <type_traits>

#include "kernels/weighted/taps.h"
#include "kernels/weighted/weighted.h"

namespace liteqat::kernels::weighted {

template <typename Elem, typename Weight, typename Bias>
void run(const Params& params, Range rows, const Elem* input, const Weight* weights, const Bias* bias, Elem* output) {
  // Unsigned, so that an overflow wraps as it does in the kernels of TFLite.
  using Accumulator = std::make_unsigned_t<Bias>;
  for_weighted_outputs(params.window, params.channels, rows, [&](const auto& taps, int32_t channel, int64_t offset) {
    auto accumulator = static_cast<Accumulator>(bias == nullptr ? 0 : bias[channel]);
    taps([&](int64_t in, int64_t weight) {
      const int32_t product = (input[in] - params.input_zero_point) * (weights[weight] - params.weight_zero_point);
      accumulator += static_cast<Accumulator>(product);
    });
    output[offset] = static_cast<Elem>(numeric::requantize(params.requantization, static_cast<Bias>(accumulator), params.rescales[channel],
                                                           params.output_zero_point, params.clamp));
  });
}

template void run(const Params&, Range, const int8_t*, const int8_t*, const int32_t*, int8_t*);
template void run(const Params&, Range, const uint8_t*, const uint8_t*, const int32_t*, uint8_t*);
template void run(const Params&, Range, const int16_t*, const int8_t*, const int32_t*, int16_t*);
template void run(const Params&, Range, const int16_t*, const int8_t*, const int64_t*, int16_t*);

}  // namespace liteqat::kernels::weighted
