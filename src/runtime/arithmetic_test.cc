#include "runtime/arithmetic.h"

#include <gtest/gtest.h>

namespace liteqat::runtime {
namespace {

using graph::DType;
using numeric::Requantization;

TEST(Profiles, NamesGoBothWaysAndOthersAreRefused) {
  for (const char* name : {"litert-reference", "tflite-reference", "xnnpack"}) {
    const auto profile = parse_profile(name);
    ASSERT_TRUE(profile.ok()) << name;
    EXPECT_STREQ(profile_name(*profile), name);
  }
  const auto refused = parse_profile("cmsis-nn");
  EXPECT_EQ(refused.status().code(), Code::kInvalidArgument);
  EXPECT_NE(refused.status().message().find("litert-reference, tflite-reference, xnnpack"), std::string::npos);
}

TEST(Profiles, TheReferencesDifferInFullyConnectedAlone) {
  for (DType type : {DType::kInt8, DType::kUInt8, DType::kInt16}) {
    for (bool wide : {false, true}) {
      const WeightedKind convolution = {.activations = type, .wide_accumulator = wide};
      EXPECT_EQ(weighted_arithmetic(Profile::kLitertReference, convolution).requantization,
                weighted_arithmetic(Profile::kTfliteReference, convolution).requantization);
      const WeightedKind dense = {.dense = true, .activations = type, .wide_accumulator = wide};
      EXPECT_EQ(weighted_arithmetic(Profile::kLitertReference, dense).requantization, Requantization::kDoubleHalfAway);
      EXPECT_NE(weighted_arithmetic(Profile::kTfliteReference, dense).requantization, Requantization::kDoubleHalfAway);
    }
  }
  EXPECT_EQ(weighted_arithmetic(Profile::kXnnpack, {.activations = DType::kInt8}).requantization, Requantization::kFloatHalfEven);
}

}  // namespace
}  // namespace liteqat::runtime
