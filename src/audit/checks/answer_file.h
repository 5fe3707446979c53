// Whose answers a prediction file holds: shared by the checks that know another way of feeding the same model.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/checks/check.h"

namespace liteqat::audit {

/// Of a file's answers: more than 0.5 % that differ from a model's own are a doubt, more than 5 % a problem; arithmetic profiles change
/// some 0.1 to 0.5 % of a network's answers.
inline constexpr double kDoubtShare = 0.005, kProblemShare = 0.05;

/// Images to which the file gives another class.
struct FileDistance {
  int64_t from_model = 0;  // than the model itself, under the profile that is nearest
  std::string profile;
  int64_t from_variant = 0;  // than the variant
  int64_t total = 0;
};

/// The subject's prediction file beside its own answers. Empty without both on as many images.
std::optional<FileDistance> measure_file(const AuditedModel& subject);

/// The file holds `classed` and not what the model answers: at least kFewest images differ from the model's own, and from `classed` less
/// than a quarter of those and no more than kDoubtShare. For a file that differs from the model's answers by accident that takes three
/// quarters of the accidents to fall on the images, and on the classes, that the variant changes. Empty if not so.
inline constexpr int64_t kFewest = 5;
std::optional<FileDistance> file_holds(const AuditedModel& subject, const std::vector<int32_t>& classed);

/// The finding's words and verdict for a file that holds a variant's answers: `how` ends "the answers ...".
results::Finding describe_file(const Check& check, const AuditedModel& subject, const FileDistance& distance, const std::string& how);

}  // namespace liteqat::audit
