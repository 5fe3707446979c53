// Calibration tables as TOML: what was calibrated, in a form a person can edit and convert reads back.
#pragma once

#include <string>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/ranges.h"

namespace liteqat::pipeline {

/// A header of comment lines, then [ranges] with a line `"tensor" = [min, max]` for each, in the graph's order. float32 values read back
/// bit for bit.
std::string print_ranges(const quant::Ranges& ranges, const graph::Graph& model, const std::string& comment);

/// Fails: kCorruptFile with line or tensor for text that is no such table, kMismatch for a tensor that the model lacks, naming the nearest.
Result<quant::Ranges> parse_ranges(const std::string& text, const std::string& path, const graph::Graph& model);

}  // namespace liteqat::pipeline
