// Does quantization cost accuracy here? The integer model against its float twin on the same images; shared by quant.*.
#pragma once

#include "audit/checks/check.h"

namespace liteqat::audit {

struct Harm {
  results::Count own, twin;
  double p = 1;        // exact McNemar
  bool hurts = false;  // the twin is right on kProblemGap more and p < kProblemP (levels.h)
};

/// Eight bits over a range of `crest` times the signal's root mean square leave 20 log10(255 sqrt(12) / crest) = 58.9 - 20 log10(crest) dB:
/// below 20 the signal is less than three codes (a crest of 88), or something else than rounding happens.
inline constexpr double kSoundDb = 20;

/// Eight bits a channel give some 40 dB on weights that spread evenly over their range, 25 where they crowd at zero or share one scale;
/// another training of the same network gives below 20.
inline constexpr double kSameWeightsDb = 25;

/// The twin is of the same training: where weights can be compared, those of the median operator agree as rounding to codes lets them.
bool same_training(const LayerStudy& study);

/// Requires: the subject has a study and its test answers, and labels are known; empty otherwise.
std::optional<Harm> measure_harm(const Evidence& evidence, const AuditedModel& subject);

inline constexpr const char* kStudyNeeds = "an integer .tflite model and test images (--data DIR); better with the float model beside it";

}  // namespace liteqat::audit
