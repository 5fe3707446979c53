#include "results/json_reader.h"

#include <limits>

namespace liteqat::results {

void JsonReader::fail(const Node& node, const std::string& what) {
  if (!status_.ok()) return;
  status_ = error(Code::kCorruptFile, "{}: {}: {}", file_, node.path.empty() ? "top level" : node.path, what);
}

bool JsonReader::expect(const Node& node, bool right_type, const char* expected) {
  if (!right_type) fail(node, format("expected {}, found {}", expected, node.json->type_name()));
  return right_type;
}

JsonReader::Node JsonReader::root(const Json& json) {
  return Node{&json, ""};
}

JsonReader::Node JsonReader::optional_member(const Node& object, const std::string& key) {
  if (!object || !status_.ok() || !expect(object, object.json->is_object(), "an object")) return {};
  const auto found = object.json->find(key);
  if (found == object.json->end()) return {};
  return Node{&*found, object.path.empty() ? key : object.path + "." + key};
}

JsonReader::Node JsonReader::member(const Node& object, const std::string& key) {
  Node node = optional_member(object, key);
  if (!node && object) fail(object, format("key '{}' is missing", key));
  return node;
}

std::vector<JsonReader::Node> JsonReader::elements(const Node& array) {
  std::vector<Node> nodes;
  if (!array || !status_.ok() || !expect(array, array.json->is_array(), "an array")) return nodes;
  nodes.reserve(array.json->size());
  for (size_t i = 0; i < array.json->size(); ++i) nodes.push_back(Node{&(*array.json)[i], format("{}[{}]", array.path, i)});
  return nodes;
}

std::vector<std::pair<std::string, JsonReader::Node>> JsonReader::members(const Node& object) {
  std::vector<std::pair<std::string, Node>> nodes;
  if (!object || !status_.ok() || !expect(object, object.json->is_object(), "an object")) return nodes;
  for (const auto& item : object.json->items()) nodes.emplace_back(item.key(), Node{&item.value(), object.path + "." + item.key()});
  return nodes;
}

std::string JsonReader::text(const Node& node) {
  if (!node || !status_.ok() || !expect(node, node.json->is_string(), "a string")) return {};
  return node.json->get<std::string>();
}

int64_t JsonReader::integer(const Node& node, int64_t low, int64_t high) {
  if (!node || !status_.ok() || !expect(node, node.json->is_number_integer(), "an integer")) return 0;
  const bool too_large = node.json->is_number_unsigned() && node.json->get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()};
  const int64_t value = too_large ? 0 : node.json->get<int64_t>();
  if (too_large || value < low || value > high) {
    fail(node, format("expected an integer from {} to {}, found {}", low, high, node.json->dump()));
    return 0;
  }
  return value;
}

int64_t JsonReader::count(const Node& node) {
  return integer(node, 0, std::numeric_limits<int64_t>::max());
}

uint64_t JsonReader::unsigned_integer(const Node& node) {
  if (!node || !status_.ok() || !expect(node, node.json->is_number_unsigned(), "an integer of at least 0")) return 0;
  return node.json->get<uint64_t>();
}

bool JsonReader::boolean(const Node& node) {
  if (!node || !status_.ok() || !expect(node, node.json->is_boolean(), "true or false")) return false;
  return node.json->get<bool>();
}

double JsonReader::number(const Node& node) {
  if (node && status_.ok() && node.json->is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!node || !status_.ok() || !expect(node, node.json->is_number(), "a number")) return 0;
  return node.json->get<double>();
}

}  // namespace liteqat::results
