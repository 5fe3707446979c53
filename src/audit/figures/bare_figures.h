// Figures of a text in which no word says accuracy: "Quantized TFLite 0.94462, QAT 0.7447, float 0.7375". Forms of a model stand beside
// numbers that look like accuracies, at least two of them, and nothing says that they measure anything else. Private to figures.
#pragma once

#include <vector>

#include "audit/figures/collector.h"
#include "audit/figures/text_lines.h"

namespace liteqat::audit {

/// Reads a text of which every other reader found no figure.
void read_bare_figures(const std::vector<TextLine>& lines, Collector& collector);

}  // namespace liteqat::audit
