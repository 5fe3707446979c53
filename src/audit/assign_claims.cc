#include <algorithm>
#include <cctype>

#include "audit/audit.h"

namespace liteqat::audit {
namespace {

/// Lower case; everything but letters and digits becomes one space, with a space at both ends.
std::string plain(const std::string& text) {
  std::string out = " ";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (std::isalnum(byte)) {
      out += static_cast<char>(std::tolower(byte));
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.back() != ' ') out += ' ';
  return out;
}

bool has_any(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return text.find(word) != std::string::npos; });
}

/// "Quant TF test accuracy", "QAT Keras": the quantization-aware model before conversion, which is neither float nor integer.
bool names_fake_quantized(const std::string& label) {
  return has_any(label, {"quant", "qat"}) && has_any(label, {" tf ", "tensorflow", "keras", "fake"}) &&
         !has_any(label, {"lite", "int8", "ptq"});
}

Kind kind_named(const std::string& label) {
  if (has_any(label, {"tflite", "int8", "quant", "qat", "ptq", "uint8", "lite "})) return Kind::kInteger;
  if (has_any(label, {"float", "fp32", " tf ", "keras", "baseline", "original"})) return Kind::kFloat;
  return Kind::kUnknown;
}

}  // namespace

std::vector<Claim> assign_claims(const std::vector<Figure>& figures, const std::vector<AuditedModel>& subjects) {
  std::vector<Claim> claims;
  for (const Figure& figure : figures) {
    Claim claim = {.figure = figure, .subject = std::nullopt};
    const std::string label = plain(figure.label);
    size_t longest = 0;
    for (size_t i = 0; i < subjects.size(); ++i) {
      const std::string name = plain(subjects[i].name);
      if (label.find(name) != std::string::npos && name.size() > longest) claim.subject = i, longest = name.size();
    }
    const bool fake = names_fake_quantized(label);
    const Kind kind = kind_named(label);
    if (!claim.subject && (fake || kind != Kind::kUnknown)) {
      std::vector<size_t> of_kind;
      for (size_t i = 0; i < subjects.size(); ++i) {
        const bool trained = subjects[i].kind == Kind::kUnknown && has_any(plain(subjects[i].name), {"qat", "quant"});
        if (fake ? trained : subjects[i].kind == kind) of_kind.push_back(i);
      }
      if (of_kind.size() == 1) claim.subject = of_kind[0];
    }
    if (!claim.subject && !fake && subjects.size() == 1) claim.subject = 0;
    claims.push_back(std::move(claim));
  }
  return claims;
}

}  // namespace liteqat::audit
