// The words between the numbers of a line of prose or of a log: fields and clauses, and what they say beside a quantity. Private to
// figures.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace liteqat::audit {

std::string_view trimmed(std::string_view text);
bool has_words(std::string_view text);
bool has_letters(std::string_view text);

/// The field of a log line that the text ends in: after the last " - ", ", ", ";", "|", tab or two spaces.
std::string_view last_field(std::string_view text);

/// The clause that a field ends in: after the last conjunction.
std::string_view last_clause(std::string_view text);

/// The phrase without a call or a type at its end that the number stands in: "accs: [tensor(" -> "accs: [", "), np.float64(" -> "), ".
std::string_view without_call(std::string_view phrase);

/// Where a clause after a number ends: punctuation or a word that starts another; npos where it goes on.
size_t clause_end(std::string_view text);

/// Words after which a number is a circumstance, not a value: "accuracy after 30 epochs", "accuracy with 8 bits".
bool ends_in_preposition(std::string_view phrase);

/// "within 1 % of the accuracy", "less than 0.5 %": a limit and no value.
bool ends_in_limit(std::string_view phrase);

/// "accuracy >= 0.85": what is asked for, and not what was measured. "->" and "=>" point to a value.
bool ends_in_bound(std::string_view phrase);

/// "99.7 % of the float accuracy": a share of an accuracy. "91 % of accuracy" is an accuracy.
bool names_share(std::string_view clause);

/// "wrong predictions: 185 / 10000"
bool names_wrong(std::string_view phrase);

/// True if the phrase has words and all of them are allowed or name a split.
bool all_words_of(std::string_view phrase, std::initializer_list<std::string_view> allowed);

/// "on the training set", "(test)", right after a number: the split that the clause names, empty if it says anything else.
std::string split_of_clause(std::string_view after);

/// "to", "and", ";", "->": alone between two numbers of one quantity.
bool is_link(std::string_view joint);

/// The phrase behind the links and small words ("only", "just") that it starts with; the phrase itself if it starts with none.
std::string_view after_links(std::string_view phrase);

/// The phrase behind a remark in brackets that it starts with: "(int8, run 1) to" -> "to".
std::string_view without_remark(std::string_view phrase);

/// "lower than the baseline", "relative": the number before is a difference.
bool compares(std::string_view after);

/// "the PTQ export at", "MobileNet only reaches": a subject that no quantity names, with the word that leads to its value.
bool names_subject(std::string_view phrase);

/// "hits", "drops to": verbs that lead to a value, and nothing else.
bool leads_alone(std::string_view phrase);

/// "Epoch(val) [313/313]", "[Train][Epoch 3]": the split in brackets of its own, empty if none.
std::string split_of_tag(std::string_view text);

/// "[loss 0.01 | acc 0.99] [test loss 0.3 | acc 0.92]": what follows an accuracy measures loss and accuracy of another split.
bool contrasts_split(std::string_view after);

/// "75.3 % top-1 (was": the value that the quantity had before, or of another model.
bool ends_in_earlier_value(std::string_view phrase);

/// "needs 50,000 images to reach": a number follows that somebody attained.
bool ends_in_attainment(std::string_view phrase);

/// "50 % sparsity": the length of the word right after a number that names another quantity, 0 if it does not.
size_t other_name_length(std::string_view after);

/// Words that only tell two models apart: "int8", "the quantized model".
bool names_variant(std::string_view phrase);

/// "for QAT, and" -> "for QAT": a model named right after a number, empty if none is.
std::string_view leading_variant(std::string_view phrase);

/// "0.914, on 10,000 images 0.908", "0.8876, with 500 samples 0.8912": between two figures only how many images the second is of.
bool names_other_images(std::string_view phrase);

/// "of the weights. Accuracy" -> "Accuracy", "ms while accuracy" -> "accuracy": without the sentence, the unit and the conjunction before.
std::string_view naming_words(std::string_view field);

/// "accuracy: nan"
bool names_not_a_number(std::string_view text);

/// "Validation set performance", "Test results": a heading without a colon.
bool names_results(const std::vector<std::string>& words);

/// The parts between the separators, of which " and " is always one.
std::vector<std::string_view> split_names(std::string_view phrase, std::string_view separators);

/// "Top-1 (Top-5): ", "train acc (val acc) ": two quantities, told apart by k or split. In "accuracy (top-1): " the brackets say more of
/// one, and the list is empty.
std::vector<std::string_view> two_names(std::string_view phrase);

}  // namespace liteqat::audit
