// Reads one layer's options with their defaults; every misfit is a sentence with the option's name and what was found. Private to
// formats/keras; the caller adds layer and class.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::formats::keras {

struct Pair {
  int32_t height = 1, width = 1;
};

/// Numbers as NumPy holds them: a single one has no axes.
struct NumberArray {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

class LayerOptions {
 public:
  explicit LayerOptions(const nlohmann::json& config) : config_(config) {}

  /// The option, null if it is absent. Of a NumPy array or a tensor, which Keras 3 wraps in a class name, the numbers.
  const nlohmann::json& find(const char* key) const;
  Result<bool> flag(const char* key, bool otherwise) const;
  Result<double> number(const char* key, double otherwise) const;
  /// A whole number of 1 to 2^24.
  Result<int32_t> count(const char* key, std::optional<int32_t> otherwise = std::nullopt) const;
  Result<std::string> text(const char* key, const std::string& otherwise) const;
  /// A number for both or [height, width], each 1 to 2^16.
  Result<Pair> pair(const char* key, std::optional<Pair> otherwise = std::nullopt) const;
  /// Whole numbers of a list; a single number counts as a list of one.
  Result<std::vector<int64_t>> integers(const char* key) const;
  /// A number, or nested lists of equal lengths.
  Result<NumberArray> array(const char* key) const;
  /// "valid" or "same".
  Result<graph::Padding> padding() const;
  /// Fails: kUnsupported for channels_first.
  Status check_channels_last() const;

 private:
  Status wrong(const char* key, const char* expected) const;
  const nlohmann::json& config_;
};

}  // namespace liteqat::formats::keras
