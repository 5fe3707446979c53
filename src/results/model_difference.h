// What differs between two models: the record behind `liteqat inspect A --diff B`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace liteqat::results {

struct ModelDifference {
  int32_t op = -1;          // index; -1: of the whole model
  std::string where, what;  // operator or part; "type", "shape", "scale", "values", ...
  std::string a, b;         // as text; for values how many differ and by how much
};

struct ModelComparison {
  std::string a, b;       // files
  int64_t operators = 0;  // compared
  std::vector<ModelDifference> differences;
};

/// {"schema": "liteqat/inspect-diff/1", "a", "b", "operators", "differences": [...]}
std::string model_comparison_to_json(const ModelComparison& comparison);

}  // namespace liteqat::results
