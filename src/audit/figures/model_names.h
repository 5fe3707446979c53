// The words that tell one form of a model from another ("int8", "QAT", "float", "the TFLite file"), and what may or may not stand between
// such a word and a number that is its accuracy although nothing says so. Words arrive in lower case. Private to figures.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace liteqat::audit {

enum class FormWord {
  kNone,
  kWeak,  // "baseline", "original", "Keras": of many things
  kSure,  // "int8", "quantized", "float", "TFLite"
};

/// What word `at` says of a model's form. "8 bit", "full precision" and "before conversion" are said by two words.
FormWord form_of_word(const std::vector<std::string>& words, size_t at);

/// A word of the phrase says a form, at least as surely as `least`.
bool names_form(std::string_view phrase, FormWord least);

/// How far a word forbids to read numbers around it as accuracies.
enum class Foreign {
  kNo,
  kClause,    // differences: a number that it names is none
  kSentence,  // settings: nothing in its sentence is
  kPassage,   // other measures: nothing up to the next empty line is
};

Foreign foreignness(const std::vector<std::string>& words, size_t at);

/// "assert", "allclose", "Traceback": numbers of a check, whatever they are called.
bool is_check_word(std::string_view word);

/// "MB", "s", "fps": right after a number, the unit of something else.
bool is_unit_word(std::string_view word);

/// "reaches", "drops to", "liegt bei", "obtient": what leads from a model to its number.
bool is_lead_word(std::string_view word);

/// "model", "on", "the", "test", "CIFAR": says nothing of what was measured.
bool is_light_word(std::string_view word);

/// "the", "my", "une": a noun follows.
bool is_article(std::string_view word);

/// "CIFAR", "MNIST", "ImageNet": classification is measured on it.
bool is_data_set_word(std::string_view word);

}  // namespace liteqat::audit
