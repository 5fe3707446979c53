// TOML texts to tables, with what is wrong as one sentence.
#pragma once

#include <toml++/toml.h>
#include <string>

#include "base/status.h"
#include "pipeline/toml_text.h"

namespace liteqat::pipeline {

/// Fails: kCorruptFile with path, line and what does not fit.
inline Result<toml::table> parse_toml(const std::string& text, const std::string& path) {
  LITEQAT_RETURN_IF_ERROR(check_toml_keys(text, path));
  try {
    return toml::table(toml::parse(text));
  } catch (const toml::parse_error& fault) {
    return error(Code::kCorruptFile, "{}, line {}: {}", path, fault.source().begin.line, fault.description());
  }
}

}  // namespace liteqat::pipeline
