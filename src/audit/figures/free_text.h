// Lines of logs and prose: each number is named by the words before it, or right after it. Private to figures.
#pragma once

#include <string>
#include <vector>

#include "audit/figures/collector.h"
#include "audit/figures/wrapped_lines.h"

namespace liteqat::audit {

/// Reads lines, or passages of wrapped ones, one after the other; remembers headings ("Training set:"), "Epoch 3/10" and a label that
/// stands on a line of its own.
class FreeTextReader {
 public:
  explicit FreeTextReader(Collector& collector) : collector_(&collector) {}

  void read_line(const Passage& line);

 private:
  struct Context {
    std::string heading_split;  // named by the last heading, until an empty line
    std::string open_label;     // the line before, if it ends in ':' or '=' and has no number
    bool open_list = false;     // that line ends in ':' and what is indented below belongs to it
    bool in_epoch = false;      // the line before was "Epoch 3/10"
  };

  void remember(const Passage& line, bool has_numbers);

  Collector* collector_;
  Context context_;
};

}  // namespace liteqat::audit
