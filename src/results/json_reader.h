// Walks a parsed JSON text and remembers the first fault, with file and key path ("run.json: metrics[2].interval.low: ..."), so that
// the code that fills a record reads as a list of keys. After a fault every call returns an empty value. Private to results.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::results {

using Json = nlohmann::ordered_json;

class JsonReader {
 public:
  /// A place in the text. json is null after a fault and for an absent optional key.
  struct Node {
    const Json* json = nullptr;
    std::string path;
    explicit operator bool() const { return json != nullptr; }
  };

  explicit JsonReader(std::string file) : file_(std::move(file)) {}

  const Status& status() const { return status_; }
  void fail(const Node& node, const std::string& what);

  Node root(const Json& json);
  Node member(const Node& object, const std::string& key);
  /// Null if the key is absent.
  Node optional_member(const Node& object, const std::string& key);
  std::vector<Node> elements(const Node& array);
  /// Members of an object with free keys, in file order.
  std::vector<std::pair<std::string, Node>> members(const Node& object);

  std::string text(const Node& node);
  int64_t integer(const Node& node, int64_t low, int64_t high);
  int64_t count(const Node& node);
  uint64_t unsigned_integer(const Node& node);
  bool boolean(const Node& node);
  /// null is NaN: JSON has no other way to write it.
  double number(const Node& node);

 private:
  bool expect(const Node& node, bool right_type, const char* expected);

  std::string file_;
  Status status_;
};

}  // namespace liteqat::results
