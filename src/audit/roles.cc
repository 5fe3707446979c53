#include "audit/roles.h"

#include <algorithm>
#include <string>

namespace liteqat::audit {

bool has_role(std::string_view name, std::string_view role) {
  return name == role || name.ends_with("_" + std::string(role));
}

const AuditedModel* find_role(const Evidence& evidence, std::string_view role) {
  const auto& subjects = evidence.subjects;
  const auto named = std::find_if(subjects.begin(), subjects.end(), [&](const AuditedModel& subject) { return subject.name == role; });
  if (named != subjects.end()) return &*named;
  const auto plays = [&](const AuditedModel& subject) { return has_role(subject.name, role); };
  const auto first = std::find_if(subjects.begin(), subjects.end(), plays);
  if (first == subjects.end() || std::find_if(first + 1, subjects.end(), plays) != subjects.end()) return nullptr;
  return &*first;
}

}  // namespace liteqat::audit
