#include "pipeline/ranges_file.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "pipeline/toml_parse.h"
#include "pipeline/toml_text.h"
#include "ptq/observe.h"

namespace liteqat::pipeline {
namespace {

/// The numbers of an array as float32; empty if it is none or holds anything else.
std::vector<float> read_ends(const toml::node& node) {
  std::vector<float> numbers;
  const toml::array* values = node.as_array();
  if (values == nullptr) return numbers;
  for (const toml::node& value : *values) {
    if (!value.is_number()) return {};
    const auto number = static_cast<float>(value.value_or(0.0));  // the largest float32 prints as more than it is
    if (!std::isfinite(number)) return {};
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

std::string print_ranges(const quant::Ranges& ranges, const graph::Graph& model, const std::string& comment) {
  std::string text =
      format("# {}\n# One line a tensor: its smallest and largest value. Edit, and give the file to convert --ranges again.\n", comment);
  text += "[ranges]\n";
  for (graph::TensorId id : ptq::float_activations(model)) {
    const auto found = ranges.find(model.tensor(id).name);
    if (found == ranges.end()) continue;
    // Shortest text that reads back to the same float32.
    text += format("{} = [{}, {}]\n", toml_string(found->first), toml_number(found->second.min), toml_number(found->second.max));
  }
  return text;
}

Result<quant::Ranges> parse_ranges(const std::string& text, const std::string& path, const graph::Graph& model) {
  LITEQAT_ASSIGN_OR_RETURN(const toml::table table, parse_toml(text, path));
  const toml::table* rows = table["ranges"].as_table();
  if (rows == nullptr) return error(Code::kCorruptFile, "{}: has no table [ranges]", path);
  std::vector<std::string> names;
  for (graph::TensorId id : ptq::float_activations(model)) names.push_back(model.tensor(id).name);
  quant::Ranges ranges;
  for (const auto& [key, node] : *rows) {
    const std::string name(key.str());
    if (std::ranges::find(names, name) == names.end()) {
      return error(Code::kMismatch, "{}: the model has no activation '{}'; did you mean '{}'?", path, name, nearest_name(name, names));
    }
    const std::vector<float> ends = read_ends(node);
    if (ends.size() != 2 || ends[0] > ends[1]) {
      return error(Code::kCorruptFile, "{}: the range of '{}' must be [smallest, largest], two float32 numbers in this order", path, name);
    }
    ranges[name] = {ends[0], ends[1]};
  }
  return ranges;
}

}  // namespace liteqat::pipeline
