#include "results/audit_record.h"
#include "results/json_writer.h"

namespace liteqat::results {
namespace {

Json part_json(const AttributionPart& part) {
  Json json;
  json["part"] = part.part;
  json["how"] = part.how;
  json["value"] = part.value;
  return json;
}

Json attribution_json(const Attribution& attribution) {
  Json json;
  json["from"] = attribution.from;
  json["to"] = attribution.to;
  json["from_value"] = attribution.from_value;
  json["to_value"] = attribution.to_value;
  json["parts"] = list(attribution.parts, part_json);
  return json;
}

}  // namespace

std::string audit_to_json(const Audit& audit) {
  Json json;
  json["schema"] = "liteqat/audit/1";
  json["metrics"] = list(audit.metrics, metric_json);
  json["figures"] = list(audit.figures, figure_json);
  json["hypotheses"] = list(audit.hypotheses, hypothesis_json);
  json["findings"] = list(audit.findings, finding_json);
  json["attribution"] = audit.attribution ? attribution_json(*audit.attribution) : Json();
  json["notes"] = audit.notes;
  return print_document(json);
}

}  // namespace liteqat::results
