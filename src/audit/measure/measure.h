// Runs a model every way the checks ask for: both splits, every arithmetic profile, the variants of preprocessing, layer by layer.
#pragma once

#include "audit/evidence.h"
#include "base/cpu.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "runtime/interpreter.h"

namespace liteqat::audit {

struct Machine {
  Isa isa;
  ThreadPool& pool;
  Progress& progress;
};

/// The profiles this build knows, the default first.
std::vector<runtime::Profile> known_profiles();

/// What a model takes, in the order of the contract: its metadata, the span of a quantized input's codes, `requested`, the best of three
/// ranges on up to 1,000 test images. Fills normalization and convention.
Status choose_convention(const std::optional<data::Normalization>& requested, const data::Dataset& dataset, const Machine& machine,
                         AuditedModel& subject);

/// Test and training answers under every profile that runs the model (integer models; a float one under the default alone), variants on
/// the test images. Fails as eval::run_model does under the default profile.
Status measure_subject(const data::Dataset& dataset, const Machine& machine, AuditedModel& subject);

/// Layers against `twin` (a float model with the same operators); against its own weights in float where there is none, or where the
/// twin's weights are other ones (trained further, rescaled) and it is not right on more images: what differs then is training, and only
/// the own weights show what rounding does. Leaves the study empty for models that are not integer or have no twin.
void study_layers(const data::Dataset& dataset, const AuditedModel* twin, const Machine& machine, AuditedModel& subject);

}  // namespace liteqat::audit
