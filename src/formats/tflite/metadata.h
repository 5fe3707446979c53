// TFLITE_METADATA: how preprocessing and class names travel with a model (TensorFlow's metadata_schema.fbs, identifier M001).
// Internal to this folder. Metadata that cannot be used is ignored, never a reason to refuse a model: execution does not need it.
#pragma once

#include <span>

#include "base/file.h"
#include "formats/tflite/extras.h"
#include "graph/graph.h"

namespace liteqat::formats::tflite {

inline constexpr const char* kMetadataName = "TFLITE_METADATA";
inline constexpr const char* kRuntimeVersionName = "min_runtime_version";
inline constexpr const char* kLabelsFile = "labels.txt";

bool needs_metadata(const graph::ModelInfo& info);

/// The metadata table of the graph's info: on the first input the normalization, color space and value range, on the first output the
/// labels' file name. The labels themselves go into the appended archive.
Bytes make_metadata(const graph::Graph& graph);

/// One label per line, each ended by a newline.
std::string labels_text(const std::vector<std::string>& labels);

/// Fills in name, normalization and labels as far as they can be used: mean and std are finite, std positive, one value or one per
/// channel of the first input; the label file is stored uncompressed in the archive at the end of `file`.
void read_metadata(std::span<const std::byte> metadata, std::span<const std::byte> file, graph::Graph& graph);

/// Whether that metadata, with those associated files, say of the graph exactly what its info says.
bool agrees_with(std::span<const std::byte> metadata, const std::vector<Extras::AssociatedFile>& files, const graph::Graph& graph);

}  // namespace liteqat::formats::tflite
