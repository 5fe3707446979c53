// JSON and what looks like it (JSON lines, Python dicts printed into a log): key paths as labels, numbers with the digits as printed.
// Tolerant: single quotes, NaN, None, True, trailing commas and text around the object are all seen in logs. Private to figures.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "audit/figures/collector.h"
#include "audit/figures/text_lines.h"

namespace liteqat::audit {

/// Reads every object and list of keys in the lines and hands figures and sizes to the collector. Lines that it has read are marked in
/// `taken`, one flag per line. Linear in the length of the text.
void read_key_values(const std::vector<TextLine>& lines, Collector& collector, std::vector<bool>& taken);

}  // namespace liteqat::audit
