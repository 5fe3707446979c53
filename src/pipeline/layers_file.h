// How single layers are to be quantized: a TOML file of overrides and names to skip, for post-training quantization and QAT alike.
//
//   [[layer]]
//   name = "conv2d_*"        # operators by their name or that of what they write; * stands for any letters
//   op = "CONV_2D"           # and/or by kind
//   type = "float32"         # float32 | int8 | int16x8
//   per_channel = false      # one weight scale a layer
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/layer_type.h"

namespace liteqat::pipeline {

struct LayerOverride {
  std::string name, op;  // patterns; empty: any
  std::optional<quant::LayerType> type;
  std::optional<bool> per_channel;
  std::string where;  // for messages: file and entry
};

/// The text of a layers file; of no path: empty. Fails: kMismatch if it is not of that SHA-256 (empty: any will do).
Result<std::string> read_layers_file(const std::string& path, const std::string& sha256 = "");

/// Fails: kCorruptFile with line, entry or key.
Result<std::vector<LayerOverride>> parse_layers_file(const std::string& text, const std::string& path);

/// The entries of a file's text (empty: none), then one for every pattern of operators that stay in float. Fails as parse_layers_file does.
Result<std::vector<LayerOverride>> collect_overrides(const std::string& text, const std::string& path,
                                                     const std::vector<std::string>& skipped);

/// Later entries win. Fails: kMismatch for an entry that fits no operator, naming the nearest name.
Status apply_overrides(const graph::Graph& model, const std::vector<LayerOverride>& overrides, std::vector<quant::LayerChoice>& layers);

/// Whether text fits a pattern in which * stands for any letters.
bool fits_pattern(const std::string& pattern, const std::string& text);

}  // namespace liteqat::pipeline
