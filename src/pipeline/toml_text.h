// Values as TOML writes them.
#pragma once

#include <string>

namespace liteqat::pipeline {

/// In quotes, with escapes.
std::string toml_string(const std::string& value);
/// Shortest text that reads back to the same number; always with a point or exponent.
std::string toml_number(double value);
std::string toml_number(float value);

}  // namespace liteqat::pipeline
