// Does quantization cost accuracy here? The integer model against its float twin on the same images; shared by quant.*.
#pragma once

#include "audit/checks/check.h"
#include "audit/measure/weights.h"

namespace liteqat::audit {

struct Harm {
  results::Count own, twin;
  double p = 1;        // exact McNemar
  bool hurts = false;  // the twin is right on kProblemGap more and p < kProblemP (levels.h)
};

/// Eight bits over a range of `crest` times the signal's root mean square leave 20 log10(255 sqrt(12) / crest) = 58.9 - 20 log10(crest) dB:
/// below 20 the signal is less than three codes (a crest of 88), or something else than rounding happens.
inline constexpr double kSoundDb = 20;

/// Requires: the subject has a study and its test answers, and labels are known; empty otherwise.
std::optional<Harm> measure_harm(const Evidence& evidence, const AuditedModel& subject);

inline constexpr const char* kStudyNeeds = "an integer .tflite model and test images (--data DIR); better with the float model beside it";

}  // namespace liteqat::audit
