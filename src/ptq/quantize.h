// Post-training quantization from end to end: equalization, calibration, rounding, correction, integer graph.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ptq/calibrate.h"
#include "ptq/optimize.h"

namespace liteqat::ptq {

struct Method {
  quant::CalibratorOptions calibrator;
  bool equalize = false;
  bool optimize_rounding = false;
  bool correct_bias = false;
  bool reestimate = false;
  SampleOptions sampling;
};

struct Request {
  const graph::Graph& model;               // fused float graph (quant::lower_to_float)
  std::vector<quant::LayerChoice> layers;  // one per operator
  Method method;
  std::optional<quant::Ranges> ranges;  // given ones; none: calibrated
};

struct Outcome {
  graph::Graph model;  // the float graph that was quantized: equalized where that was asked for, its biases not corrected
  quant::QuantizedGraph quantized;
  quant::Ranges ranges;
  int equalized_pairs = 0;
};

/// Fails as calibrate and quant::quantize_graph do.
Result<Outcome> quantize_after_training(const Request& request, const Images& images, const Machine& machine);

}  // namespace liteqat::ptq
