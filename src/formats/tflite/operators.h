// The operators we share with TFLite: builtin codes, the version each instance needs, and the first runtime that knows it.
// Internal to this folder. Facts: LiteRT tflite/converter/tools/versioning/op_version.cc and runtime_version.cc.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "graph/graph.h"

namespace liteqat::formats::tflite {

struct Release {
  int32_t major, minor, patch;
  auto operator<=>(const Release&) const = default;
};

/// "1.14.0".
std::string release_text(const Release& release);

/// BuiltinOperator of a kind; empty for kinds that TFLite lacks (BATCH_NORM).
std::optional<int32_t> find_builtin_code(graph::OpKind kind);

/// The kind of a BuiltinOperator; empty for operators that we do not implement.
std::optional<graph::OpKind> find_kind(int32_t builtin_code);

/// Versions 1 to max_version() exist. Requires: a kind that TFLite has.
int32_t max_version(graph::OpKind kind);

/// The first runtime that accepts the version. Requires: 1 <= version <= max_version(kind).
Release first_release(graph::OpKind kind, int32_t version);

/// The version that the operator's types and parameters need. Requires: a validated graph and a kind that TFLite has.
int32_t needed_version(const graph::Graph& graph, const graph::Op& op);

}  // namespace liteqat::formats::tflite
