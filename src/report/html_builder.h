// Builds HTML and inline SVG with every text and attribute escaped and every element closed: the only way a string from a record
// reaches the page. Not a parser, not a validator of what may stand where.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace liteqat::report {

/// Safe in text and in quoted attributes. Control characters that HTML forbids become U+FFFD.
std::string escape_html(std::string_view text);

class HtmlBuilder {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// Attribute names and tags are literals of ours; values are escaped.
  HtmlBuilder& open(std::string_view tag, Attributes attributes = {});
  /// Closes the innermost open element, which must be `tag`.
  HtmlBuilder& close(std::string_view tag);
  HtmlBuilder& text(std::string_view text);
  /// <tag attributes>text</tag>
  HtmlBuilder& element(std::string_view tag, Attributes attributes, std::string_view text);
  /// <tag attributes/>: void HTML elements and SVG shapes.
  HtmlBuilder& single(std::string_view tag, Attributes attributes);
  /// Constant text of ours, taken as it is (style sheet, doctype).
  HtmlBuilder& trusted(std::string_view markup);

  /// Requires: everything opened is closed.
  std::string finish() &&;

 private:
  void start(std::string_view tag, Attributes attributes);

  std::string out_;
  std::vector<std::string> open_tags_;
};

}  // namespace liteqat::report
