// Does quantization cost accuracy here? The integer model against its float twin on the same images; shared by quant.*.
#pragma once

#include "audit/checks/check.h"

namespace liteqat::audit {

struct Harm {
  results::Count own, twin;
  double p = 1;        // exact McNemar
  bool hurts = false;  // the twin is right on 2 points more and p < 1e-6
};

inline constexpr double kHarmGap = 0.02, kHarmP = 1e-6;

/// Requires: the subject has a study and its test answers, and labels are known; empty otherwise.
std::optional<Harm> measure_harm(const Evidence& evidence, const AuditedModel& subject);

inline constexpr const char* kStudyNeeds = "an integer .tflite model and test images (--data DIR); better with the float model beside it";

}  // namespace liteqat::audit
