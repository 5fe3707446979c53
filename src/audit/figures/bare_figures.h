// Figures of a text in which no word says accuracy: "Quantized TFLite 0.94462, QAT 0.7447, float 0.7375". Forms of a model stand beside
// numbers that look like accuracies, at least two of them, and nothing says that they measure anything else. Private to figures.
#pragma once

#include <vector>

#include "audit/figures/collector.h"
#include "audit/figures/text_lines.h"

namespace liteqat::audit {

/// Reads a text of which every other reader found no figure.
void read_bare_figures(const std::vector<TextLine>& lines, Collector& collector);

/// Reads on in prose whose figures have a name at first only: "I had 98.2 % test accuracy. After converting to TFLite I get 9.8 %". Numbers
/// that a form of a model names, written like a figure of their paragraph that was found. Lines that are taken are left out.
/// Requires: figures found sorted by line.
std::vector<Figure> read_figures_beside(const std::vector<Figure>& found, const std::vector<TextLine>& lines,
                                        const std::vector<bool>& taken);

}  // namespace liteqat::audit
