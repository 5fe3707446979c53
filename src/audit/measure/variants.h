// The mistakes of preprocessing, made on purpose: the test images as each of them would feed them.
#pragma once

#include <string>
#include <vector>

#include "data/batches.h"
#include "data/dataset.h"
#include "graph/graph.h"

namespace liteqat::audit {

struct FeedVariant {
  std::string check, description;
  data::Split split;
  data::Normalization normalization;
};

/// All variants that differ from `normalization` on these images. Each holds a copy of the pixels: make and run them one at a time.
/// index: 0 .. count_feed_variants() - 1; empty where it does not apply to this model or changes nothing.
std::optional<FeedVariant> make_feed_variant(size_t index, const graph::Graph& model, const data::Split& split,
                                             const data::Normalization& normalization);
size_t count_feed_variants();

}  // namespace liteqat::audit
