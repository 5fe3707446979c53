#include "runtime/arithmetic.h"

#include <array>

#include "numeric/rescale.h"

namespace liteqat::runtime {
namespace {

using numeric::Requantization;

struct Named {
  Profile profile;
  const char* name;
};

constexpr std::array<Named, 3> kProfiles = {{
    {Profile::kLitertReference, "litert-reference"},
    {Profile::kTfliteReference, "tflite-reference"},
    {Profile::kXnnpack, "xnnpack"},
}};

}  // namespace

WeightedArithmetic weighted_arithmetic(Profile profile, const WeightedKind& kind) {
  constexpr WeightedArithmetic kXnnpackFloat = {Requantization::kFloatHalfEven, ScaleProduct::kFloat, ScaleProduct::kFloat};
  constexpr WeightedArithmetic kDouble = {Requantization::kDoubleHalfAway, ScaleProduct::kDouble, ScaleProduct::kDouble};
  const bool eight_bits = kind.activations != graph::DType::kInt16;
  if (profile == Profile::kXnnpack && eight_bits) return kXnnpackFloat;
  if (kind.dense && profile != Profile::kTfliteReference) return kDouble;
  // Kernels of one scale for all weights (dense ones, and all of the older uint8 scheme) multiply the scales in float32.
  const bool float_product = kind.dense || kind.activations == graph::DType::kUInt8;
  return {.requantization = kind.wide_accumulator ? Requantization::kMantissa16 : Requantization::kTwoRoundings,
          .per_tensor = float_product ? ScaleProduct::kFloatProduct : ScaleProduct::kDouble,
          .per_channel = ScaleProduct::kDouble};
}

kernels::weighted::InputQuantization input_quantization(Profile profile) {
  using kernels::weighted::InputQuantization;
  return profile == Profile::kTfliteReference ? InputQuantization::kPortable : InputQuantization::kVector;
}

numeric::FloatSum float_sum(Profile profile) {
  return profile == Profile::kXnnpack ? numeric::FloatSum::kFused : numeric::FloatSum::kRounded;
}

bool uses_xnnpack(Profile profile) {
  return profile == Profile::kXnnpack;
}

Result<Profile> parse_profile(const std::string& name) {
  std::string available;
  for (const Named& named : kProfiles) {
    if (name == named.name) return named.profile;
    available += format("{}{}", available.empty() ? "" : ", ", named.name);
  }
  return error(Code::kInvalidArgument, "unknown arithmetic profile '{}', available: {}", name, available);
}

const char* profile_name(Profile profile) {
  for (const Named& named : kProfiles) {
    if (named.profile == profile) return named.name;
  }
  return "unknown";
}

double rescale_factor(ScaleProduct product, float input_scale, float weight_scale, float output_scale) {
  switch (product) {
    case ScaleProduct::kDouble:
      return numeric::convolution_rescale(input_scale, weight_scale, output_scale);
    case ScaleProduct::kFloatProduct:
      return numeric::float_product_rescale(input_scale, weight_scale, output_scale);
    case ScaleProduct::kFloat:
      break;
  }
  return static_cast<double>(numeric::float_rescale(input_scale, weight_scale, output_scale));
}

}  // namespace liteqat::runtime
