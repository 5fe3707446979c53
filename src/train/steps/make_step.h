// From an operator of a training graph to the step that computes it: the one switch over operator kinds.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "train/steps/step.h"

namespace liteqat::train {

/// Fails: kUnsupported naming an operator that cannot be trained.
Result<std::unique_ptr<Step>> make_step(Workplace& place, int32_t op);

/// The fake quantizer plan->quantizers[quantizer] of an activation, named after the operator that computes it. What Mode::kCalibration
/// sees is merged into *observation.
std::unique_ptr<Step> make_fake_quant_step(Workplace& place, size_t quantizer, const std::string& name, quant::Observation* observation);

/// Drops a share of what readers of a tensor see in Mode::kTraining of step place.step.
std::unique_ptr<Step> make_dropout_step(Workplace& place, const Dropout& dropout);

/// "CONV_2D conv1 (operator 3)": how messages name an operator.
std::string describe_op(const graph::Graph& model, int32_t op);

}  // namespace liteqat::train
