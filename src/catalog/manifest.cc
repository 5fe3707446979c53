// CSV by RFC 4180: fields may be quoted, quotes in them doubled; commas, or semicolons or tabs where the header line uses those.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>

#include "base/file.h"
#include "base/text.h"
#include "catalog/listing.h"

namespace liteqat::catalog {
namespace {

constexpr int64_t kLargestManifest = int64_t{1} << 30;
constexpr size_t kMostColumns = 64;

/// Takes records off a text, and counts lines.
class Records {
 public:
  Records(std::string_view text, const std::string& path) : text_(text), path_(path) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);  // the byte order mark that spreadsheets write
    const std::string_view first = text_.substr(0, text_.find('\n'));
    for (const char other : {';', '\t'}) {
      if (first.find(',') == std::string_view::npos && first.find(other) != std::string_view::npos) separator_ = other;
    }
  }

  bool done() const { return text_.empty(); }
  int64_t line() const { return begun_; }

  Result<std::vector<std::string>> next() {
    begun_ = line_;
    std::vector<std::string> fields;
    do {
      if (fields.size() == kMostColumns) return error(Code::kCorruptFile, "{}: line {}: more than {} columns", path_, begun_, kMostColumns);
      LITEQAT_ASSIGN_OR_RETURN(std::string field, next_field());
      fields.push_back(std::move(field));
    } while (take(separator_));
    take('\r');
    if (!text_.empty() && !take('\n')) {
      return error(Code::kCorruptFile, "{}: line {}: something stands between a quoted field's end and the next column", path_, begun_);
    }
    ++line_;
    return fields;
  }

 private:
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  Result<std::string> next_field() {
    std::string field;
    if (!take('"')) {
      const char ends[] = {separator_, '\n', '\0'};
      field = text_.substr(0, text_.find_first_of(ends));
      text_.remove_prefix(field.size());
      if (text_.starts_with('\n') && field.ends_with('\r')) field.pop_back();
      if (text_.empty() && field.ends_with('\r')) field.pop_back();
      return field;
    }
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"' && !take('"')) return field;
      line_ += c == '\n';
      field += c;
    }
    return error(Code::kCorruptFile, "{}: line {}: a quoted field does not end", path_, begun_);
  }

  std::string_view text_;
  const std::string& path_;
  char separator_ = ',';
  int64_t line_ = 1, begun_ = 1;
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

struct Columns {
  size_t file = 0, label = 0, split = 0;
  bool has_split = false;
};

Result<Columns> find_columns(const std::vector<std::string>& header, const std::string& path) {
  const auto find = [&](std::initializer_list<const char*> names) {
    return static_cast<size_t>(
        std::ranges::find_if(header, [&](const std::string& field) { return std::ranges::find(names, lower(field)) != names.end(); }) -
        header.begin());
  };
  const Columns columns = {find({"path", "file", "filename", "image"}), find({"label", "class"}), find({"split", "subset"}),
                           find({"split", "subset"}) < header.size()};
  for (const auto& [at, name] : {std::pair(columns.file, "path"), std::pair(columns.label, "label")}) {
    if (at == header.size()) {
      return error(Code::kCorruptFile,
                   "{}: line 1: no column '{}'; the first line names the columns path, label and, if there is one, split", path, name);
    }
  }
  return columns;
}

bool is_train(const std::string& split) {
  return split == "train" || split == "training";
}

Status check_row(const ManifestRow& row, const std::string& path) {
  if (row.file.empty() || row.label.empty()) {
    return error(Code::kCorruptFile, "{}: line {}: no {}", path, row.line, row.file.empty() ? "path" : "label");
  }
  if (row.file.find('\0') != std::string::npos) return error(Code::kCorruptFile, "{}: line {}: a path with a zero byte", path, row.line);
  const std::filesystem::path file(row.file);
  if (file.is_absolute() || file.lexically_normal().string().starts_with("..")) {
    return error(Code::kUnsupported, "{}: line {}: {} leads out of the manifest's folder", path, row.line, row.file);
  }
  static const std::set<std::string> known = {"", "train", "training", "test", "val", "validation", "valid"};
  if (known.contains(row.split)) return {};
  return error(Code::kCorruptFile, "{}: line {}: split '{}', expected train, val or test", path, row.line, row.split);
}

}  // namespace

Result<std::vector<ManifestRow>> parse_manifest(const std::string& text, const std::string& path) {
  Records records(text, path);
  if (records.done()) return error(Code::kCorruptFile, "{}: is empty, a line with the columns path and label is expected", path);
  LITEQAT_ASSIGN_OR_RETURN(const auto header, records.next());
  LITEQAT_ASSIGN_OR_RETURN(const Columns columns, find_columns(header, path));
  std::vector<ManifestRow> rows;
  std::map<std::string, int64_t> lines;
  while (!records.done()) {
    LITEQAT_ASSIGN_OR_RETURN(const auto fields, records.next());
    if (fields.size() == 1 && fields[0].empty()) continue;
    if (fields.size() != header.size()) {
      return error(Code::kCorruptFile, "{}: line {}: {} columns, the first line has {}", path, records.line(), fields.size(),
                   header.size());
    }
    ManifestRow row = {.file = fields[columns.file],
                       .label = fields[columns.label],
                       .split = columns.has_split ? lower(fields[columns.split]) : "",
                       .line = records.line()};
    LITEQAT_RETURN_IF_ERROR(check_row(row, path));
    const auto [first, added] = lines.emplace(std::filesystem::path(row.file).lexically_normal().string(), row.line);
    if (!added) return error(Code::kCorruptFile, "{}: line {}: {} stands in line {} already", path, row.line, row.file, first->second);
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return error(Code::kCorruptFile, "{}: names no image", path);
  return rows;
}

Result<Listing> list_manifest(const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(path, kLargestManifest));
  LITEQAT_ASSIGN_OR_RETURN(const auto rows, parse_manifest(text, path));
  Listing listing;
  listing.root = std::filesystem::path(path).parent_path().string();
  if (listing.root.empty()) listing.root = ".";
  std::set<std::string> names;
  bool any_test = false;
  for (const ManifestRow& row : rows) names.insert(row.label), any_test |= row.split == "test";
  const std::vector<std::string> sorted(names.begin(), names.end());
  const std::vector<int32_t> labels = number_classes(sorted, listing);
  listing.split = std::ranges::any_of(rows, [](const ManifestRow& row) { return !row.split.empty(); });
  int64_t passed_over = 0;
  for (const ManifestRow& row : rows) {
    const Status inside = check_inside(listing.root, row.file);
    if (!inside.ok()) return inside.with_context(format("{}: line {}", path, row.line));
    const auto at = static_cast<size_t>(std::ranges::lower_bound(sorted, row.label) - sorted.begin());
    const bool train = is_train(row.split), validation = !train && !row.split.empty() && row.split != "test";
    if (validation && any_test) {
      ++passed_over;
      continue;
    }
    (train ? listing.train : listing.test).push_back({row.file, labels[at]});
  }
  if (passed_over > 0) {
    listing.notes.push_back(
        format("{}: {} validation images are passed over: the test images are what is measured on.", path, format_count(passed_over)));
  }
  return listing;
}

}  // namespace liteqat::catalog
