#include "audit/checks/answer_file.h"

#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

int64_t count_different(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  int64_t different = 0;
  for (size_t i = 0; i < a.size(); ++i) different += a[i] != b[i];
  return different;
}

}  // namespace

std::optional<FileDistance> measure_file(const AuditedModel& subject) {
  const Measured* file = subject.find("test", "file");
  if (file == nullptr) return std::nullopt;
  FileDistance distance = {.from_model = file->answers.count() + 1, .profile = {}, .total = file->answers.count()};
  for (const Measured& measured : subject.measured) {
    if (measured.split != "test" || measured.profile == "file" || measured.answers.count() != file->answers.count()) continue;
    const int64_t changed = count_different(file->answers.classed, measured.answers.classed);
    if (changed < distance.from_model) distance.from_model = changed, distance.profile = measured.profile;
  }
  if (distance.profile.empty()) return std::nullopt;
  return distance;
}

std::optional<FileDistance> file_holds(const AuditedModel& subject, const std::vector<int32_t>& classed) {
  auto distance = measure_file(subject);
  if (!distance || static_cast<int64_t>(classed.size()) != distance->total) return std::nullopt;
  distance->from_variant = count_different(subject.find("test", "file")->answers.classed, classed);
  const bool near = static_cast<double>(distance->from_variant) <= kDoubtShare * static_cast<double>(distance->total);
  if (!near || distance->from_model < kFewest || 4 * distance->from_variant >= distance->from_model) return std::nullopt;
  return distance;
}

results::Finding describe_file(const Check& check, const AuditedModel& subject, const FileDistance& distance, const std::string& how) {
  const double share = static_cast<double>(distance.from_model) / static_cast<double>(distance.total);
  results::Finding finding = make_finding(
      check, share > kProblemShare ? results::Verdict::kProblem : results::Verdict::kDoubt, subject.name,
      format("The prediction file holds {}: it differs from them in {} of {} images, from the model's own under {} in {}.", how,
             format_count(distance.from_variant), format_count(distance.total), distance.profile, format_count(distance.from_model)));
  finding.evidence = {{"changed", static_cast<double>(distance.from_model)}, {"total", static_cast<double>(distance.total)}};
  return finding;
}

}  // namespace liteqat::audit
