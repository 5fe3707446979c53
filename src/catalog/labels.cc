#include "catalog/labels.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace liteqat::catalog {
namespace {

constexpr const char* kBackground = "background";

/// Lower case, words by single spaces.
std::string plain(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const bool gap = c == '_' || c == '-' || c == ' ' || c == '\t';
    if (gap && (text.empty() || text.back() == ' ')) continue;
    text += gap ? ' ' : 'A' <= c && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

/// Model labels by every name they go by; -1 for a name that several share.
std::map<std::string, int32_t> index_labels(const std::vector<std::string>& labels) {
  std::map<std::string, int32_t> index;
  const auto add = [&](const std::string& name, size_t label) {
    const auto [known, added] = index.emplace(name, static_cast<int32_t>(label));
    if (!added && known->second != static_cast<int32_t>(label)) known->second = -1;
  };
  for (size_t label = 0; label < labels.size(); ++label) {
    add(plain(labels[label]), label);
    if (labels[label].find(',') == std::string::npos) continue;
    for (size_t begin = 0; begin <= labels[label].size();) {
      const size_t end = std::min(labels[label].find(',', begin), labels[label].size());
      add(plain(labels[label].substr(begin, end - begin)), label);
      begin = end + 1;
    }
  }
  return index;
}

bool begins_with_background(const ModelLabels& model) {
  return !model.names.empty() && plain(model.names[0]) == kBackground;
}

/// Classes in their order, moved by the offset.
Result<Labelling> by_place(const std::vector<std::string>& names, bool numbered, const ModelLabels& model, int64_t offset) {
  const auto count = static_cast<int64_t>(names.size());
  const int64_t known = std::max<int64_t>(static_cast<int64_t>(model.names.size()), model.scores);
  Labelling labelling;
  labelling.rule = format("{}{}", numbered ? "by number" : "by place", offset == 0 ? "" : format(", offset {}", offset));
  if (offset < -1 || offset > 1) return error(Code::kOutOfRange, "--labels-offset {}: -1, 0 or 1 are expected", offset);
  if (known > 0 && count + offset > known) {
    return error(Code::kMismatch, "the data have {} classes{}, the model has {}", count,
                 offset == 0 ? "" : format(" and offset {}", offset), known);
  }
  for (int64_t label = 0; label < count; ++label) labelling.labels.push_back(static_cast<int32_t>(label + offset));
  labelling.names = model.names;
  if (labelling.names.empty()) {
    labelling.names = names;
    if (offset == 1) labelling.names.insert(labelling.names.begin(), kBackground);
    if (offset == -1) labelling.names.erase(labelling.names.begin());
    // Numbers that no image has may still be classes of the model.
    for (auto label = static_cast<int64_t>(labelling.names.size()); numbered && label < known; ++label) {
      labelling.names.push_back(format("{}", label - offset));
    }
  }
  return labelling;
}

Status unknown_class(const std::string& name, const ModelLabels& model) {
  std::vector<std::string> known(model.names);
  return error(Code::kMismatch,
               "class '{}' is none of the model's {} labels (did you mean '{}'?); rename it, or give --labels-offset 0 (1 for a model that "
               "begins with background) to go by place",
               name, model.names.size(), nearest_name(name, known));
}

}  // namespace

Result<Labelling> match_labels(const std::vector<std::string>& names, bool numbered, const ModelLabels& model,
                               std::optional<int64_t> offset) {
  if (offset) return by_place(names, numbered, model, *offset);
  const auto count = names.size();
  const bool one_fewer = begins_with_background(model) && count + 1 == model.names.size();
  if (model.names.empty()) return by_place(names, numbered, model, 0);
  const auto index = index_labels(model.names);
  Labelling labelling = {.names = model.names, .labels = {}, .rule = "by name"};
  std::map<int32_t, std::string> taken;
  size_t matched = 0;
  const std::string* missing = nullptr;
  for (const std::string& name : names) {
    const auto found = index.find(plain(name));
    labelling.labels.push_back(found == index.end() ? -1 : found->second);
    if (labelling.labels.back() < 0) {
      missing = missing == nullptr ? &name : missing;
      continue;
    }
    ++matched;
    const auto [first, added] = taken.emplace(labelling.labels.back(), name);
    if (!added) {
      return error(Code::kMismatch, "classes '{}' and '{}' are both the model's label '{}'", first->second, name,
                   model.names[static_cast<size_t>(first->first)]);
    }
  }
  if (matched == count) return labelling;
  if (matched == 0 && (numbered || one_fewer || count == model.names.size())) return by_place(names, numbered, model, one_fewer ? 1 : 0);
  return unknown_class(*missing, model);
}

}  // namespace liteqat::catalog
