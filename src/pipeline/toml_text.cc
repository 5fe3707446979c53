#include "pipeline/toml_text.h"

#include "base/format.h"

namespace liteqat::pipeline {
namespace {

std::string with_point(std::string text) {
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

}  // namespace

std::string toml_string(const std::string& value) {
  std::string text = "\"";
  for (char letter : value) {
    if (letter == '"' || letter == '\\') text += '\\';
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) {
      text += format("\\u{:04x}", static_cast<int>(letter));
    } else {
      text += letter;
    }
  }
  return text + "\"";
}

std::string toml_number(double value) {
  return with_point(format("{}", value));
}

std::string toml_number(float value) {
  return with_point(format("{}", value));
}

}  // namespace liteqat::pipeline
