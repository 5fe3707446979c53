// Rows of layers' inputs: what one output position multiplies with the weights, [kh, kw, ci] as in the weights of one output channel. A few
// positions an image are drawn by image and layer.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ptq/observe.h"

namespace liteqat::ptq {

struct RowLayer {
  size_t op = 0;           // in the graph
  size_t width = 0;        // values in a row
  bool depthwise = false;  // rows are [kh, kw, channels]: each channel has its own
  size_t channels = 0;     // output channels
};

/// CONV_2D without groups, DEPTHWISE_CONV_2D and FULLY_CONNECTED with constant float weights. Requires: a fused float graph.
std::vector<RowLayer> find_row_layers(const graph::Graph& model);

struct SampleOptions {
  int64_t images = 256;    // the first so many
  int64_t positions = 16;  // an image and layer at most
};

/// Calls consume(layer, rows) with whole rows in the order of the images; layers run side by side. Fails as Observer does.
Status sample_rows(const graph::Graph& model, const std::vector<RowLayer>& layers, const Images& images, const SampleOptions& options,
                   const Machine& machine, const std::function<void(size_t layer, std::span<const float> rows)>& consume);

}  // namespace liteqat::ptq
