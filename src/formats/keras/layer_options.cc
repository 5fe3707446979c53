#include "formats/keras/layer_options.h"

#include <algorithm>
#include <cmath>

namespace liteqat::formats::keras {
namespace {

using nlohmann::json;

constexpr int64_t kMaxCount = 1 << 24, kMaxExtent = 1 << 16;
constexpr size_t kMaxAxes = 8;  // of lists of numbers

/// Numbers behind those axes of the shape that `depth` lists have used up.
bool take_numbers(const json& value, size_t depth, NumberArray& numbers) {
  if (depth == numbers.shape.size()) {
    if (!value.is_number()) return false;
    numbers.values.push_back(value.get<float>());
    return true;
  }
  if (!value.is_array() || std::ssize(value) != numbers.shape[depth]) return false;
  return std::ranges::all_of(value, [&](const json& entry) { return take_numbers(entry, depth + 1, numbers); });
}

/// {"class_name": "__numpy__" | "__tensor__", "config": {"value": [1.0, 2.0], "dtype": "float32"}} -> [1.0, 2.0].
const json& unwrapped(const json& value) {
  if (!value.is_object() || !value.contains("class_name") || !value.contains("config")) return value;
  const json& kind = value["class_name"];
  const json& config = value["config"];
  const bool wraps = (kind == "__numpy__" || kind == "__tensor__") && config.is_object() && config.contains("value");
  return wraps ? config["value"] : value;
}

std::optional<int32_t> whole_number(const json& value, int64_t limit) {
  if (!value.is_number_integer()) return std::nullopt;
  const auto number = value.get<int64_t>();
  if (number < 1 || number > limit) return std::nullopt;
  return static_cast<int32_t>(number);
}

}  // namespace

Status LayerOptions::wrong(const char* key, const char* expected) const {
  std::string found = find(key).dump(-1, ' ', true, json::error_handler_t::replace);
  if (found.size() > 60) found = found.substr(0, 60) + "...";
  return error(Code::kCorruptFile, "option '{}' is {}, {} was expected", key, found, expected);
}

const json& LayerOptions::find(const char* key) const {
  static const json kAbsent;
  if (!config_.is_object()) return kAbsent;
  const auto found = config_.find(key);
  return found == config_.end() ? kAbsent : unwrapped(*found);
}

Result<bool> LayerOptions::flag(const char* key, bool otherwise) const {
  const json& value = find(key);
  if (value.is_null()) return otherwise;
  if (!value.is_boolean()) return wrong(key, "true or false");
  return value.get<bool>();
}

Result<double> LayerOptions::number(const char* key, double otherwise) const {
  const json& value = find(key);
  if (value.is_null()) return otherwise;
  if (!value.is_number() || !std::isfinite(value.get<double>())) return wrong(key, "a number");
  return value.get<double>();
}

Result<int32_t> LayerOptions::count(const char* key, std::optional<int32_t> otherwise) const {
  const json& value = find(key);
  if (value.is_null() && otherwise) return *otherwise;
  const auto number = whole_number(value, kMaxCount);
  if (!number) return wrong(key, "a whole number of 1 to 2^24");
  return *number;
}

Result<std::string> LayerOptions::text(const char* key, const std::string& otherwise) const {
  const json& value = find(key);
  if (value.is_null()) return otherwise;
  if (!value.is_string()) return wrong(key, "a text");
  return value.get<std::string>();
}

Result<Pair> LayerOptions::pair(const char* key, std::optional<Pair> otherwise) const {
  const json& value = find(key);
  if (value.is_null() && otherwise) return *otherwise;
  const bool two = value.is_array() && value.size() == 2;
  const auto height = whole_number(two ? value[0] : value, kMaxExtent), width = whole_number(two ? value[1] : value, kMaxExtent);
  if (!height || !width) return wrong(key, "one or two whole numbers of 1 to 65536");
  return Pair{*height, *width};
}

Result<std::vector<int64_t>> LayerOptions::integers(const char* key) const {
  const json& value = find(key);
  if (value.is_number_integer()) return std::vector<int64_t>{value.get<int64_t>()};
  std::vector<int64_t> numbers;
  if (!value.is_array()) return wrong(key, "a list of whole numbers");
  for (const json& entry : value) {
    if (!entry.is_number_integer()) return wrong(key, "a list of whole numbers");
    numbers.push_back(entry.get<int64_t>());
  }
  return numbers;
}

Result<NumberArray> LayerOptions::array(const char* key) const {
  NumberArray numbers;
  for (const json* level = &find(key); level->is_array() && !level->empty() && numbers.shape.size() < kMaxAxes; level = &level->front()) {
    numbers.shape.push_back(std::ssize(*level));
  }
  if (!take_numbers(find(key), 0, numbers)) return wrong(key, "a number, or nested lists of equal lengths,");
  for (float number : numbers.values) {
    if (!std::isfinite(number)) return wrong(key, "finite numbers");
  }
  return numbers;
}

Result<graph::Padding> LayerOptions::padding() const {
  LITEQAT_ASSIGN_OR_RETURN(const std::string name, text("padding", "valid"));
  if (name == "valid") return graph::Padding::kValid;
  if (name == "same") return graph::Padding::kSame;
  return wrong("padding", "\"valid\" or \"same\"");
}

Status LayerOptions::check_channels_last() const {
  LITEQAT_ASSIGN_OR_RETURN(const std::string layout, text("data_format", "channels_last"));
  if (layout == "channels_last") return {};
  return error(Code::kUnsupported, "data_format \"{}\" is not supported, only \"channels_last\"", layout);
}

}  // namespace liteqat::formats::keras
