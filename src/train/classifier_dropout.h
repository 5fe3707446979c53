// Where training drops activations when a recipe asks for dropout: in front of the classifier, as MobileNet's and most image classifiers'
// references do.
#pragma once

#include "base/status.h"
#include "graph/graph.h"
#include "train/engine.h"

namespace liteqat::train {

/// What the last operator with weights in front of the output reads; no places for rate 0. Fails: kOutOfRange for a rate outside of
/// [0, 1), kUnsupported where the network has no such operator.
Result<DropoutOptions> make_classifier_dropout(const graph::Graph& model, float rate, uint64_t seed, int64_t steps_done);

}  // namespace liteqat::train
