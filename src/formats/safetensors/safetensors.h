// safetensors files: named arrays and string metadata, no code, no paths. Our checkpoints add a checksum over the payload.
// Layout: u64 little-endian header length, JSON header (at most 100 MB), raw data whose offsets tile the buffer without holes.
// Bytes are exact both ways. Functions are pure and may be called from any thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::formats::safetensors {

struct Array {
  graph::DType type = graph::DType::kFloat32;
  std::vector<int64_t> shape;
  Bytes data;
  bool operator==(const Array&) const = default;
};

struct File {
  std::map<std::string, std::string> metadata;
  std::map<std::string, Array> arrays;
};

/// Deterministic: arrays by name, metadata by key; adds metadata "sha256" over the data section (replacing one that is there).
/// Requires: data of exactly shape x type, names and metadata in UTF-8, no array named "__metadata__", a header below 100 MB.
Bytes write(const File& file);

/// Fails: kCorruptFile naming the field; a "sha256" entry that does not match the data is kCorruptFile; kUnsupported for element types
/// that graph::DType lacks (BF16, F64 and the like). "sha256" stays in the metadata returned.
Result<File> read(std::span<const std::byte> bytes, const std::string& path_for_messages);

}  // namespace liteqat::formats::safetensors
