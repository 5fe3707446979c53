// How NumPy names the element types of graphs. Private to pipeline.
#pragma once

#include "graph/graph.h"

namespace liteqat::pipeline {

/// NumPy's descr, little-endian: "<f4".
const char* npy_type(graph::DType type);

}  // namespace liteqat::pipeline
