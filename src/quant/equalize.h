// Cross-layer equalization: output channels of one layer and the inputs they feed of the next are scaled against each other, so that no
// channel's weights waste the scale they share. Source: Nagel, van Baalen, Blankevoort, Welling, "Data-free quantization through weight
// equalization and bias correction", ICCV 2019, section 4.1. The function stays the same but for float rounding:
// * without activation and with RELU exactly, since both commute with a positive factor;
// * with RELU6 only where it does not cut: a channel that reached 6 in calibration keeps its factor, another one is scaled so that its
//   largest calibrated value stays below 6. (The paper replaces RELU6 by RELU, which changes the function.)
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "quant/ranges.h"

namespace liteqat::quant {

/// Largest value of each channel (last axis) of activations in calibration, by tensor name.
using ChannelPeaks = std::map<std::string, std::vector<float>>;

/// The activations whose channel peaks equalization needs: outputs of layers with weights that feed one layer with weights.
std::vector<graph::TensorId> find_equalizable(const graph::Graph& model);

/// Scales in place, until no factor moves by more than 1 % or 20 rounds. Peaks are needed behind RELU6 only, and scaled along. Returns how
/// many pairs of layers were equalized. Requires: a fused float graph.
int equalize_layers(graph::Graph& model, ChannelPeaks& peaks);

}  // namespace liteqat::quant
