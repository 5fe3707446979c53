// How much memory a model may ask this process for. A small file can claim activations of any size; what stands in a file is never reason
// enough.
#pragma once

#include <cstdint>

namespace liteqat {

/// Bytes that activations and working memory of one interpreter may take where its options do not say: 1 GiB until a program sets another
/// limit (liteqat's --max-memory).
int64_t memory_limit();
void set_memory_limit(int64_t bytes);

}  // namespace liteqat
