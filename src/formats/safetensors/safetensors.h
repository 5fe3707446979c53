// safetensors files: named arrays and string metadata, no code, no paths. Our checkpoints add a checksum over the payload.
// Layout: u64 little-endian header length, JSON header (at most 100 MB), raw data whose offsets tile the buffer without holes.
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
};

struct File {
  std::map<std::string, std::string> metadata;
  std::map<std::string, Array> arrays;
};

/// Deterministic: arrays by name, metadata by key; adds metadata "sha256" over the data section.
Bytes write(const File& file);

/// Fails: kCorruptFile naming the field; a "sha256" entry that does not match the data is kCorruptFile.
Result<File> read(std::span<const std::byte> bytes, const std::string& path_for_messages);

}  // namespace liteqat::formats::safetensors
