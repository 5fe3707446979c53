#include "audit/explain/facts.h"

#include <algorithm>
#include <set>

#include "audit/explain/data_sets.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

struct Slot {
  const char* what;
  const char* flag;
  std::optional<int64_t> StatedFacts::*stated;
  std::optional<int64_t> Facts::*resolved;
  int64_t DataSetFacts::*known;
};

constexpr Slot kSlots[] = {{"test", "--test-size", &StatedFacts::test, &Facts::test, &DataSetFacts::test},
                           {"train", "--train-size", &StatedFacts::train, &Facts::train, &DataSetFacts::train},
                           {"validation", "--validation-size", &StatedFacts::validation, &Facts::validation, &DataSetFacts::validation},
                           {"classes", "--classes", &StatedFacts::classes, &Facts::classes, &DataSetFacts::classes}};

/// The one size that the text names for a slot. Several different ones decide nothing.
const NamedSize* find_named(const FigureText& text, const std::string& what, std::vector<std::string>& notes) {
  const NamedSize* found = nullptr;
  std::set<int64_t> counts;
  for (const NamedSize& size : text.sizes) {
    if (size.what != what) continue;
    counts.insert(size.count);
    if (!found) found = &size;
  }
  if (counts.size() <= 1) return found;
  notes.push_back(what == "classes"
                      ? format("the text names {} different numbers of classes: none is used", counts.size())
                      : format("the text names {} different sizes of the {} split: none is used for the whole text", counts.size(), what));
  return nullptr;
}

Status check_sizes(const StatedFacts& stated) {
  constexpr int64_t kMost = 100'000'000;  // so that images times classes stays below the 10^9 that granularity counts in
  for (const Slot& slot : kSlots) {
    const auto& size = stated.*slot.stated;
    if (size && (*size < 1 || *size > kMost)) return error(Code::kInvalidArgument, "{} {}: expected 1 to {}", slot.flag, *size, kMost);
  }
  return {};
}

void resolve_slot(const Slot& slot, const StatedFacts& stated, const FigureText& text, const DataSetFacts* known, Facts& facts) {
  const auto& flag = stated.*slot.stated;
  std::vector<std::string> conflicts;
  const NamedSize* named = find_named(text, slot.what, conflicts);
  if (flag) {
    facts.*slot.resolved = flag;
    facts.sources.push_back({slot.what, slot.flag, *flag});
    if (named && named->count != *flag)
      facts.notes.push_back(format("line {} names {} ({}), {} says {}: the flag is used", named->line, format_count(named->count),
                                   named->words, slot.flag, format_count(*flag)));
    return;
  }
  if (named) {
    facts.*slot.resolved = named->count;
    facts.sources.push_back({slot.what, format("line {}: {}", named->line, named->words), named->count});
    return;
  }
  facts.notes.insert(facts.notes.end(), conflicts.begin(), conflicts.end());
  if (known && known->*slot.known > 0) {
    facts.*slot.resolved = known->*slot.known;
    facts.sources.push_back({slot.what, "--dataset " + std::string(known->name), known->*slot.known});
  }
}

}  // namespace

std::optional<int64_t> Facts::size_of(const std::string& split) const {
  for (const Slot& slot : kSlots) {
    if (split == slot.what) return this->*slot.resolved;
  }
  return std::nullopt;
}

Result<Facts> resolve_facts(const StatedFacts& stated, const FigureText& text) {
  LITEQAT_RETURN_IF_ERROR(check_sizes(stated));
  const DataSetFacts* known = nullptr;
  if (!stated.dataset.empty()) {
    known = find_data_set(stated.dataset);
    if (!known)
      return error(Code::kInvalidArgument,
                   "--dataset {}: unknown; did you mean {}? Known: {}. For any other set give --test-size, --train-size, --classes",
                   stated.dataset, nearest_name(stated.dataset, data_set_names()), join(data_set_names(), ", "));
  }
  Facts facts;
  for (const Slot& slot : kSlots) resolve_slot(slot, stated, text, known, facts);
  facts.test_from_flag = stated.test.has_value();
  if (known) {
    facts.dataset = known->name;
    const bool same_set = facts.test == known->test && facts.classes == known->classes;
    if (same_set) facts.balanced = known->balanced;
    if (same_set) facts.class_counts = known->class_counts;
  }
  return facts;
}

}  // namespace liteqat::audit
