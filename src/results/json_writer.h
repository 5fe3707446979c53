// What the writers of all record kinds share: the layout of a document and the parts that several documents hold. Private to results.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "results/records.h"

namespace liteqat::results {

/// An object begins as Json::object(), and none begins by a key of a null: where memory for that cannot be had, 3.11.2 leaves a value that
/// its destructor reads a null pointer of (json.hpp, operator[]: the type is set before the object is made).
using Json = nlohmann::ordered_json;

/// Our own layout instead of nlohmann's: two-space indent, but a list of plain values stays on one line, so that a confusion matrix
/// reads as a matrix. Not a number and the infinities become null; bytes that are no UTF-8 become U+FFFD. Ends with a newline.
std::string print_document(const Json& document);

template <typename Record>
Json list(const std::vector<Record>& records, Json (*one)(const Record&)) {
  Json array = Json::array();
  for (const Record& record : records) array.push_back(one(record));
  return array;
}

struct FigureRecord;
struct Hypothesis;

Json metric_json(const Metric& metric);
/// `name`: the key of a part's name. Of a part without images value and interval are left out.
Json parts_json(const std::vector<MetricPart>& parts, const char* name);
Json figure_json(const FigureRecord& figure);
Json hypothesis_json(const Hypothesis& hypothesis);
Json finding_json(const Finding& finding);
Json interval_json(const Interval& interval);
Json image_reading_json(const ImageReading& reading);
Json attribution_json(const Attribution& attribution);

}  // namespace liteqat::results
