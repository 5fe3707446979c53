// Forms that other tools read: JUnit XML for test dashboards, SARIF for code scanning.
#include <algorithm>

#include "results/audit_record.h"
#include "results/json_writer.h"
#include "results/verdict.h"

namespace liteqat::results {
namespace {

/// Text and attribute values; control characters that XML 1.0 has no form for are dropped.
std::string xml(const std::string& text) {
  std::string out;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(letter) >= 0x20 || letter == '\n' || letter == '\t') out += letter;
    }
  }
  return out;
}

std::vector<const Finding*> findings_of(const Audit& audit, const std::string& check) {
  std::vector<const Finding*> found;
  for (const Finding& finding : audit.findings) {
    if (finding.check == check) found.push_back(&finding);
  }
  return found;
}

std::string line_of(const Finding& finding) {
  std::string line =
      std::string(verdict_name(finding.verdict)) + ": " + (finding.subject.empty() ? "" : finding.subject + ": ") + finding.summary;
  return finding.advice.empty() ? line : line + " " + finding.advice;
}

/// At most one failure or skip a test case: the schema allows no more, several problems stand in one text.
std::string test_case(const Audit& audit, const CheckRecord& check) {
  const auto found = findings_of(audit, check.id);
  const size_t dot = check.id.find('.');
  std::string text = "    <testcase classname=\"liteqat." + xml(check.id.substr(0, dot)) + "\" name=\"" + xml(check.id.substr(dot + 1)) +
                     "\" time=\"0\">\n";
  std::string message, problems, needed;
  for (const Finding* finding : found) {
    if (finding->verdict == Verdict::kSkipped) needed = finding->advice;
    if (finding->verdict != Verdict::kProblem) continue;
    if (message.empty()) message = finding->summary;
    problems += (problems.empty() ? "" : "\n") + line_of(*finding);
  }
  if (!problems.empty()) {
    text += "      <failure type=\"problem\" message=\"" + xml(message) + "\">" + xml(problems) + "</failure>\n";
  } else if (!needed.empty()) {
    text += "      <skipped message=\"" + xml(needed) + "\"/>\n";
  }
  return text + "    </testcase>\n";
}

/// What a test case has no place for: doubts and what is clear.
std::string remarks(const Audit& audit) {
  std::string text;
  for (const Finding& finding : audit.findings) {
    if (finding.verdict == Verdict::kDoubt || finding.verdict == Verdict::kClear) text += finding.check + ": " + line_of(finding) + "\n";
  }
  return text;
}

}  // namespace

std::string audit_to_junit(const Audit& audit) {
  std::string cases;
  size_t failures = 0, skipped = 0;
  for (const CheckRecord& check : audit.checks) {
    cases += test_case(audit, check);
    const auto found = findings_of(audit, check.id);
    const auto any = [&](Verdict verdict) {
      return std::any_of(found.begin(), found.end(), [&](const Finding* finding) { return finding->verdict == verdict; });
    };
    failures += any(Verdict::kProblem), skipped += any(Verdict::kSkipped);
  }
  // No clock and no host: the same audit gives the same bytes.
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite package=\"liteqat\" id=\"0\" name=\"audit\" "
         "timestamp=\"1970-01-01T00:00:00\" hostname=\"localhost\" tests=\"" +
         std::to_string(audit.checks.size()) + "\" failures=\"" + std::to_string(failures) + "\" errors=\"0\" skipped=\"" +
         std::to_string(skipped) + "\" time=\"0\">\n    <properties/>\n" + cases + "    <system-out>" + xml(remarks(audit)) +
         "</system-out>\n    <system-err/>\n  </testsuite>\n</testsuites>\n";
}

std::string audit_to_sarif(const Audit& audit, const std::string& version) {
  Json driver = Json::object();
  driver["name"] = "liteqat";
  driver["version"] = version;
  driver["rules"] = Json::array();
  for (const CheckRecord& check : audit.checks) {
    Json rule = Json::object();
    rule["id"] = check.id;
    rule["shortDescription"] = {{"text", check.question}};
    driver["rules"].push_back(rule);
  }
  Json results = Json::array();
  for (const Finding& finding : audit.findings) {
    if (finding.verdict != Verdict::kProblem && finding.verdict != Verdict::kDoubt) continue;
    Json result = Json::object();
    result["ruleId"] = finding.check;
    const auto rule =
        std::find_if(audit.checks.begin(), audit.checks.end(), [&](const CheckRecord& check) { return check.id == finding.check; });
    if (rule != audit.checks.end()) result["ruleIndex"] = rule - audit.checks.begin();
    result["level"] = finding.verdict == Verdict::kProblem ? "error" : "warning";
    result["message"] = {{"text", finding.summary + (finding.advice.empty() ? "" : " " + finding.advice)}};
    Json location = Json::object();
    location["logicalLocations"] = Json::array({Json{{"fullyQualifiedName", finding.subject.empty() ? "audit" : finding.subject}}});
    result["locations"] = Json::array({location});
    results.push_back(result);
  }
  Json run = Json::object();
  run["tool"] = {{"driver", driver}};
  run["results"] = results;
  Json document = Json::object();
  document["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  document["version"] = "2.1.0";
  document["runs"] = Json::array({run});
  return print_document(document);
}

}  // namespace liteqat::results
