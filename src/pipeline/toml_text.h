// Values as TOML writes them, and what must hold of a text before a parser sees it.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace liteqat::pipeline {

/// In quotes, with escapes.
std::string toml_string(const std::string& value);
/// Shortest text that reads back to the same number; always with a point or exponent.
std::string toml_number(double value);
std::string toml_number(float value);

/// Dotted keys ("a.b.c = 1") are tables inside tables, which toml++ frees by recursion: half a million of them in a file of 1 MiB end the
/// program. Fails: kCorruptFile, for a key of too many parts.
Status check_toml_keys(std::string_view text, const std::string& path);

}  // namespace liteqat::pipeline
