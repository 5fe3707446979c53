// What is in a model file, as a record: operators, shapes, types, scales, sizes, multiply-accumulates, memory and selected kernels.
#pragma once

#include <string>

#include "base/cpu.h"
#include "base/status.h"
#include "results/model_record.h"

namespace liteqat::pipeline {

/// Of a .tflite also how the runtime would run it with this instruction set: kernels, and where in the arena every tensor lies, at the
/// batch of the file.
Result<results::ModelRecord> inspect_model(const std::string& path, Isa isa);

}  // namespace liteqat::pipeline
