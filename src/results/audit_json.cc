#include "results/audit_record.h"
#include "results/json_writer.h"

namespace liteqat::results {
std::string audit_to_json(const Audit& audit) {
  Json json = Json::object();
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
