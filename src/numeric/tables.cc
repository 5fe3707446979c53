#include "numeric/tables.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "numeric/rescale.h"
#include "numeric/rounding.h"

namespace liteqat::numeric {
namespace {

// 65536 / (1 + exp(-k / 24)), k = 0 ... 255; TFLite's values, of which 44 lie one above the correctly rounded ones.
constexpr uint16_t kSigmoid[256] = {
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432, 42064, 42688, 43304, 43912, 44511,
    45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475, 49975, 50464, 50942, 51409, 51865, 52311, 52745, 53169, 53581, 53983,
    54374, 54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433, 57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519, 59743,
    59959, 60168, 60370, 60565, 60753, 60935, 61110, 61279, 61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778,
    62886, 62990, 63090, 63186, 63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257,
    64308, 64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900, 64926, 64950,
    64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208, 65221, 65234, 65246, 65258, 65269,
    65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360, 65367, 65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415,
    65420, 65425, 65429, 65433, 65438, 65442, 65445, 65449, 65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476, 65479, 65481,
    65483, 65485, 65488, 65489, 65491, 65493, 65495, 65497, 65498, 65500, 65501, 65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511,
    65512, 65513, 65514, 65515, 65516, 65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524, 65525,
    65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530, 65530, 65530, 65531, 65531,
    65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65534, 65534,
    65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535};

/// `power_of_two` scales need no rounding: 3 * 2^shift.
SigmoidStep sigmoid_step(float input_scale, int32_t most_left_shift) {
  constexpr int32_t kFractionBits = 12;  // of a code whose scale is a power of two
  if (const auto exponent = find_power_of_two(input_scale)) {
    const int32_t left_shift = kFractionBits + *exponent;
    if (left_shift >= 0 && left_shift <= most_left_shift) return {.multiplier = 3 << left_shift, .shift = 0};
  }
  double multiplier = static_cast<double>(input_scale) * 4096.0 * 3.0;
  SigmoidStep step;
  for (; multiplier <= 32767.0 / 2.0 && step.shift <= 30; multiplier *= 2) ++step.shift;
  step.multiplier = static_cast<int32_t>(std::min(multiplier, 2147483647.0));
  return step;
}

int64_t to_sigmoid_scale(int16_t code, const SigmoidStep& step) {
  const int64_t half = step.shift > 0 ? int64_t{1} << (step.shift - 1) : 0;
  return (int64_t{code} * step.multiplier + half) >> step.shift;
}

/// The table at index + rest / 2^bits, times 2^bits.
int64_t interpolate(int64_t index, int64_t rest, int32_t bits) {
  const int64_t here = kSigmoid[index], next = kSigmoid[index + 1];
  return (here << bits) + rest * (next - here);
}

constexpr int64_t kLastIndex = 255;

}  // namespace

SigmoidStep logistic_step(float input_scale) {
  return sigmoid_step(input_scale, 0);
}

SigmoidStep tanh_step(float input_scale) {
  return sigmoid_step(input_scale, 1);
}

int16_t logistic_int16(int16_t code, const SigmoidStep& step) {
  const int64_t x = to_sigmoid_scale(code, step), magnitude = std::abs(x);
  const int64_t value = magnitude >> 9 >= kLastIndex ? int64_t{0x7fff} << 10 : interpolate(magnitude >> 9, magnitude & 0x1ff, 9);
  constexpr int64_t kOne = int64_t{1} << 25, kHalfStep = 1 << 9;
  return static_cast<int16_t>((x >= 0 ? value + kHalfStep : kOne - value + kHalfStep - 1) >> 10);
}

int16_t tanh_int16(int16_t code, const SigmoidStep& step) {
  const int64_t x = to_sigmoid_scale(code, step), magnitude = std::abs(x);
  const int64_t value = magnitude >> 8 >= kLastIndex ? int64_t{0xffff} << 8 : interpolate(magnitude >> 8, magnitude & 0xff, 8);
  constexpr int64_t kHalf = int64_t{1} << 23, kHalfStep = 1 << 7;
  return static_cast<int16_t>((x >= 0 ? value - kHalf + kHalfStep : -value + kHalf + kHalfStep - 1) >> 8);
}

Int16Table::Int16Table(double low, double high, double (*function)(double)) : entries_() {
  constexpr int32_t kSteps = 512;
  constexpr double kPerUnit = 65536.0 / 2.0;  // codes for 1.0
  const double step = (high - low) / kSteps;
  const auto code_at = [&](double x) { return function(x) * kPerUnit; };
  const auto hold = [](double code) { return static_cast<int16_t>(std::clamp(code, -32768.0, 32767.0)); };
  for (int32_t index = 0; index < kSteps; ++index) {
    const double x = low + index * step;
    const double here = std::round(code_at(x));
    const double line_middle = std::round((code_at(low + (index + 1) * step) + here) / 2);
    const double error = line_middle - std::round(code_at(x + step / 2));
    entries_[static_cast<std::size_t>(index)] = hold(here - std::round(error / 2));
  }
  entries_[kSteps] = hold(std::round(code_at(high)));
}

const Int16Table& softmax_exp_table() {
  static const Int16Table table(-10.0, 0.0, [](double x) { return std::exp(x); });
  return table;
}

const Int16Table& softmax_reciprocal_table() {
  static const Int16Table table(0.0, 1.0, [](double x) { return 1.0 / (1.0 + x); });
  return table;
}

int32_t transform_code(int32_t code, const Affine& input, const Affine& output, float (*function)(float), int32_t low, int32_t high) {
  const float real = input.scale * static_cast<float>(code - input.zero_point);
  const float steps = std::round(function(real) * (1 / output.scale));
  return clamp_to_int(round_half_away(static_cast<double>(steps + static_cast<float>(output.zero_point))), low, high);
}

}  // namespace liteqat::numeric
