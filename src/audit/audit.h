// audit: runs every check over the evidence. Findings come out problem, doubt, clear, skipped, in the table's order within a verdict; every
// check occurs, skipped with what it would need where the evidence lacks it.
#pragma once

#include <vector>

#include "audit/evidence.h"
#include "results/audit_record.h"

namespace liteqat::audit {

std::vector<results::Finding> run_checks(const Evidence& evidence);

/// The gap between two figures of the evidence in parts that add up: extra training, fake quantization, conversion, runtime, then what a
/// finding says of the claimed figure (metric, split, input), the rest unexplained. Empty where no two figures can be told apart.
std::optional<results::Attribution> attribute_gap(const Evidence& evidence, const std::vector<results::Finding>& findings);

/// A figure belongs to the subject whose name its label contains, else to the only one of the kind the label names, else to the only one.
std::vector<Claim> assign_claims(const std::vector<Figure>& figures, const std::vector<AuditedModel>& subjects);

}  // namespace liteqat::audit
