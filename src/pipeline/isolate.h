// `liteqat audit --isolate DIR`: the first operator that breaks, alone, as files. Private to pipeline.
#pragma once

#include <string>

#include "audit/measure/isolate.h"
#include "base/status.h"

namespace liteqat::pipeline {

/// operator.tflite, input.npy (input_0.npy, input_1.npy, ... for several), output_quantized.npy, output_float.npy; the arrays hold one
/// image after the other on their first axis, in the model's own types. Makes the folder. Fails as the writers do.
Status write_isolated(const audit::IsolatedOp& isolated, const std::string& folder);

}  // namespace liteqat::pipeline
