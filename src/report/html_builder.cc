#include "report/html_builder.h"

#include "base/check.h"

namespace liteqat::report {

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char character : text) {
    switch (character) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default: {
        const auto code = static_cast<unsigned char>(character);
        const bool forbidden = (code < 0x20 && code != '\n' && code != '\t') || code == 0x7f;
        if (forbidden) {
          out += "\xef\xbf\xbd";
        } else {
          out += character;
        }
      }
    }
  }
  return out;
}

void HtmlBuilder::start(std::string_view tag, Attributes attributes) {
  out_ += '<';
  out_ += tag;
  for (const auto& [name, value] : attributes) {
    out_ += ' ';
    out_ += name;
    out_ += "=\"";
    out_ += escape_html(value);
    out_ += '"';
  }
}

HtmlBuilder& HtmlBuilder::open(std::string_view tag, Attributes attributes) {
  start(tag, attributes);
  out_ += '>';
  open_tags_.emplace_back(tag);
  return *this;
}

HtmlBuilder& HtmlBuilder::close(std::string_view tag) {
  LITEQAT_CHECK(!open_tags_.empty() && open_tags_.back() == tag);
  open_tags_.pop_back();
  out_ += "</";
  out_ += tag;
  out_ += '>';
  const bool block = tag == "tr" || tag == "div" || tag == "section" || tag == "svg" || tag == "figure" || tag == "table" || tag == "p";
  if (block) out_ += '\n';
  return *this;
}

HtmlBuilder& HtmlBuilder::text(std::string_view text) {
  out_ += escape_html(text);
  return *this;
}

HtmlBuilder& HtmlBuilder::element(std::string_view tag, Attributes attributes, std::string_view content) {
  return open(tag, attributes).text(content).close(tag);
}

HtmlBuilder& HtmlBuilder::single(std::string_view tag, Attributes attributes) {
  start(tag, attributes);
  out_ += "/>";
  return *this;
}

HtmlBuilder& HtmlBuilder::trusted(std::string_view markup) {
  out_ += markup;
  return *this;
}

std::string HtmlBuilder::finish() && {
  LITEQAT_CHECK(open_tags_.empty());
  return std::move(out_);
}

}  // namespace liteqat::report
