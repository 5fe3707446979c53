// What is in a model file, in words: operators, shapes, types, scales, sizes, multiply-accumulates, memory and selected kernels.
#pragma once

#include <string>

#include "base/cpu.h"
#include "base/status.h"

namespace liteqat::pipeline {

struct InspectOutputs {
  std::string text;
};
/// layers: a line per operator, with the kernel that would run it.
Result<InspectOutputs> inspect_model(const std::string& path, bool layers, Isa isa);

}  // namespace liteqat::pipeline
