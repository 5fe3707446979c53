// Operators without weights that differ under profile xnnpack. Not for use outside this folder.
#pragma once

#include <optional>

#include "runtime/step.h"

namespace liteqat::runtime {

/// The step as LiteRT's default runs it; nothing where that computes what the reference kernels do (or where the operator, its types or
/// scales are not such that XNNPACK takes it).
Result<std::optional<Step>> make_xnnpack_step(const OpContext& context);

}  // namespace liteqat::runtime
