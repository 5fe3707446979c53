// The words of several languages that name an accuracy, a split, another quantity, a demand. Words arrive in lower case. Private to
// figures.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace liteqat::audit {

/// "acc", "Genauigkeit", "准确率". Compounds with a split in front too: "valacc", "Testgenauigkeit".
bool is_accuracy_word(std::string_view word);

/// Accuracy in daily speech, and precision where the text speaks of recall too: "précision", "Präzision".
bool is_precision_or_accuracy(std::string_view word);
bool is_recall_word(std::string_view word);

/// What stands beside accuracies in logs (loss, time, F1, learning rate), or turns one into something else (drop, interval).
bool is_other_word(std::string_view word);

/// "misclassified", "Fehlerrate": an error rate without further words.
bool is_error_rate_word(std::string_view word);

/// Before the name ("required accuracy") or after it ("accuracy limit"): what is asked for, and was not measured.
bool is_demand_word(std::string_view word);

/// True for words before a number that only counts: epoch 3, step 100, fold 2, class 7, top 5.
bool is_counter_word(std::string_view word);

/// True for "images", "samples", "examples" and the like.
bool is_image_noun(std::string_view word);

/// "test", "train", "validation" or empty.
std::string_view split_of_word(std::string_view word);

/// True for words in a script that is written without spaces.
bool is_unspaced_word(std::string_view word);

/// Such a word, cut at what is known of it: "训练集准确率" -> "训练", "集", "准确率".
std::vector<std::string> cut_unspaced(std::string_view word);

}  // namespace liteqat::audit
