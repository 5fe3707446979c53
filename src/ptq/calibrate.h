// Ranges of a float graph's activations over images, by any calibrator.
#pragma once

#include "ptq/observe.h"
#include "quant/calibrators.h"
#include "quant/equalize.h"

namespace liteqat::ptq {

/// Once over the images for the methods of minimum and maximum, twice for those of histograms. The result does not depend on the number of
/// threads. Requires: a float graph, at least one image. Fails: kOutOfRange naming a tensor whose values are not finite.
Result<quant::Ranges> calibrate(const graph::Graph& model, const Images& images, const quant::CalibratorOptions& options,
                                const Machine& machine);

/// Largest value of each channel of the tensors.
Result<quant::ChannelPeaks> find_peaks(const graph::Graph& model, const std::vector<graph::TensorId>& tensors, const Images& images,
                                       const Machine& machine);

}  // namespace liteqat::ptq
