#include "results/json_writer.h"
#include "results/model_difference.h"

namespace liteqat::results {
namespace {

Json difference_json(const ModelDifference& difference) {
  Json json = {{"where", difference.where}, {"what", difference.what}, {"a", difference.a}, {"b", difference.b}};
  json["operator"] = difference.op < 0 ? Json() : Json(difference.op);
  return json;
}

}  // namespace

std::string model_comparison_to_json(const ModelComparison& comparison) {
  Json json = Json::object();
  json["schema"] = "liteqat/inspect-diff/1";
  json["a"] = comparison.a;
  json["b"] = comparison.b;
  json["operators"] = comparison.operators;
  json["differences"] = list(comparison.differences, difference_json);
  return print_document(json);
}

}  // namespace liteqat::results
