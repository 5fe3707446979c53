// Claimed figures against what a mistake would print: shared by all checks that ask "does this mistake print the claimed digits?".
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "audit/checks/check.h"

namespace liteqat::audit {

/// Batch sizes that evaluation loops are written with.
inline constexpr int64_t kBatchSizes[] = {8, 10, 16, 20, 24, 32, 48, 50, 64, 96, 100, 128, 200, 250, 256, 500, 512, 1000, 1024, 2048};

/// What a mistake makes of one model's answers: a fraction whose digits are compared with the claim.
struct Reproduction {
  results::Count printed;   // may exceed 1: a count of element pairs over images
  std::string description;  // "one-hot vectors compared element by element"
  std::string profile = {};
  int64_t slack = 0;  // of printed.correct: what another arithmetic or machine may change; 0: only the digits themselves
};

/// Images in a thousand whose correctness another arithmetic changes: LiteRT's reference kernels and XNNPACK differ by less on all models
/// here.
inline constexpr int64_t kSlackShare = 1000;

/// True if a numerator within the slack prints the figure's digits.
bool nearly_prints(const Figure& figure, const Reproduction& made);

/// True if printed.correct / printed.total prints the figure's digits.
bool prints(const Figure& figure, const results::Count& printed);

/// The right figure of a claim's split under the subject's first profile; empty without labels or answers.
std::optional<results::Count> right_count(const Evidence& evidence, const AuditedModel& subject, const std::string& split,
                                          const std::string& profile = {});

/// The claim is what the model gives, under some profile.
bool claim_is_right(const Evidence& evidence, const Claim& claim);

/// Outside the 95 % Wilson interval of the right figure.
bool beyond_sampling_noise(const Figure& figure, const results::Count& right);

/// Asks for every assigned claim that is not right whether one of make(subject) prints it: `problem` if the right figure differs by more
/// than sampling noise, else `doubt`. No claim explained: one `clear` finding per subject that says what the mistake would print. Nothing
/// where make gives nothing.
using MakeReproductions = std::function<std::vector<Reproduction>(const Evidence&, const AuditedModel&)>;
void explain_claims(const Check& check, const Evidence& evidence, const MakeReproductions& make, const std::string& advice,
                    Findings& findings);

}  // namespace liteqat::audit
