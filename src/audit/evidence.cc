#include "audit/evidence.h"

#include <algorithm>

namespace liteqat::audit {

const Measured* AuditedModel::find(const std::string& split, const std::string& profile) const {
  for (const Measured& one : measured) {
    if (one.split == split && (profile.empty() || one.profile == profile)) return &one;
  }
  return nullptr;
}

bool Evidence::has_models() const {
  return std::any_of(subjects.begin(), subjects.end(), [](const AuditedModel& subject) { return subject.graph != nullptr; });
}

}  // namespace liteqat::audit
