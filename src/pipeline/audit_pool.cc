#include "pipeline/audit_pool.h"

#include <optional>

#include "audit/checks/check.h"
#include "audit/checks/claimed.h"

namespace liteqat::pipeline {
namespace {

results::Count count_in(const eval::ImageGroups::Directory& directory, const audit::Answers& answers, const std::vector<int32_t>& labels) {
  results::Count count = {.correct = 0, .total = directory.count};
  for (int64_t i = directory.begin; i < directory.begin + directory.count; ++i) {
    const auto image = static_cast<size_t>(i);
    count.correct += answers.classed[image] == labels[image];
  }
  return count;
}

/// "0.9123: 9,123 of 10,000 in A". Empty where no folder's figure is the claimed one.
std::optional<std::string> find_directory(const eval::ImageGroups& groups, const audit::Evidence& evidence, const audit::Claim& claim) {
  if (!claim.subject || claim.figure.split != "test") return std::nullopt;
  for (const audit::Measured& measured : evidence.subjects[*claim.subject].measured) {
    if (measured.split != "test" || measured.answers.classed.size() != evidence.labels.size()) continue;
    for (const auto& directory : groups.directories) {
      if (directory.count == 0) continue;
      const results::Count count = count_in(directory, measured.answers, evidence.labels);
      if (audit::prints(claim.figure, count)) {
        return format("{}: {} is the right figure of {} alone, {} under {}; the checks judge the pool.", claim.figure.label,
                      claim.figure.printed, directory.name, audit::count_text(count), measured.profile);
      }
    }
  }
  return std::nullopt;
}

}  // namespace

void drop_directory_claims(const eval::ImageGroups& groups, audit::Evidence& evidence, std::vector<std::string>& notes) {
  std::vector<audit::Claim> kept;
  for (audit::Claim& claim : evidence.claims) {
    const auto note = audit::claim_is_right(evidence, claim) ? std::nullopt : find_directory(groups, evidence, claim);
    if (note) {
      notes.push_back(*note);
    } else {
      kept.push_back(std::move(claim));
    }
  }
  evidence.claims = std::move(kept);
}

}  // namespace liteqat::pipeline
