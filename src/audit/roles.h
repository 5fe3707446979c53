// The part a model plays by its name: a run's own names, and those that end in them ("case_study_float" beside "case_study_qat_int8").
#pragma once

#include <string_view>

#include "audit/evidence.h"

namespace liteqat::audit {

/// "float", or a name that ends in "_float".
bool has_role(std::string_view name, std::string_view role);

/// The subject of that very name, else the only one whose name ends in it; null if there is none or several.
const AuditedModel* find_role(const Evidence& evidence, std::string_view role);

}  // namespace liteqat::audit
