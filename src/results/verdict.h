// Words that JSON and reports share.
#pragma once

#include <optional>
#include <string>

#include "results/records.h"

namespace liteqat::results {

inline constexpr const char* kRunSchema = "liteqat/run/1";

/// "problem", "doubt", "clear", "skipped".
const char* verdict_name(Verdict verdict);
std::optional<Verdict> find_verdict(const std::string& name);

}  // namespace liteqat::results
