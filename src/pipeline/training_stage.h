// The training stages of a run: the float model, its matched-budget control, the quantization-aware model. Each writes one safetensors
// file, a checkpoint after every epoch and TensorBoard curves, and goes on from its newest valid checkpoint.
#pragma once

#include "pipeline/context.h"
#include "pipeline/model_file.h"
#include "ptq/observe.h"

namespace liteqat::pipeline {

/// Trains (or takes from recipe.pretrained) the float model -> float.safetensors.
Result<TrainedModel> run_float_stage(Context& context);

/// The float model trained for as many further steps as QAT has, on the same images in the same order, without fake quantization. It starts
/// from exactly the graph QAT starts from (folded under liteqat_8bit), so that fake quantization is all that differs.
Result<TrainedModel> run_control_stage(Context& context, const TrainedModel& float_model);

/// Quantization-aware fine-tuning of the float model -> qat.safetensors.
Result<TrainedModel> run_qat_stage(Context& context, const TrainedModel& float_model);

/// The plan of a graph under the recipe's scheme, single layers as qat.layers and qat.skip have them. Fails: kMismatch for an entry that
/// fits no operator; as quant::make_plan does.
Result<quant::Plan> make_recipe_plan(const graph::Graph& graph, const Recipe& recipe);

/// What quantization-aware training under liteqat_8bit starts from: the folded float graph, its plan, and ranges as qat.ranges asks, found
/// on the images.
struct QuantizedModel {
  graph::Graph graph;
  quant::Plan plan;
};
Result<QuantizedModel> make_calibrated_start(const graph::Graph& float_graph, const Recipe& recipe, const data::Split& images,
                                             const ptq::Machine& machine);

}  // namespace liteqat::pipeline
