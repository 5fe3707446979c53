#include "formats/npy/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/checked.h"

namespace liteqat::formats::npy {
namespace {

// Facts of the format: numpy/lib/format.py ("Format Version 1.0" and the sections after it).
constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kAlignment = 64;        // ARRAY_ALIGN
constexpr size_t kGrowthDigits = 21;     // GROWTH_AXIS_MAX_DIGITS: room for the first extent to grow in place
constexpr size_t kMaxHeader = 64 << 10;  // ours; version 1.0 cannot hold more, and a plain array needs about 100 bytes
constexpr size_t kMaxRank = 32;          // NumPy's limit up to version 1.26

constexpr std::array<std::pair<std::string_view, int64_t>, 12> kTypes = {{{"<f4", 4},
                                                                          {"<i4", 4},
                                                                          {"<i8", 8},
                                                                          {"|i1", 1},
                                                                          {"|u1", 1},
                                                                          {"<i2", 2},
                                                                          {"<f2", 2},
                                                                          {"<f8", 8},
                                                                          {"<u2", 2},
                                                                          {"<u4", 4},
                                                                          {"<u8", 8},
                                                                          {"|b1", 1}}};

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<int64_t>> shape;
};

// The header is a Python dict literal; this reads exactly the literals a plain array can have.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, size_t offset_in_file, const std::string& path)
      : text_(text), offset_in_file_(offset_in_file), path_(path) {}

  Result<Header> parse() {
    Header header;
    LITEQAT_RETURN_IF_ERROR(expect('{'));
    while (!accept('}')) {
      LITEQAT_ASSIGN_OR_RETURN(const std::string key, parse_string());
      LITEQAT_RETURN_IF_ERROR(expect(':'));
      LITEQAT_RETURN_IF_ERROR(parse_value(key, header));
      if (accept(',')) continue;
      LITEQAT_RETURN_IF_ERROR(expect('}'));
      break;
    }
    skip_space();
    if (position_ != text_.size()) return corrupt("text after the header's closing brace");
    if (!header.descr || !header.fortran_order || !header.shape) return corrupt("'descr', 'fortran_order' or 'shape' is missing");
    return header;
  }

 private:
  Status corrupt(const std::string& what) const {
    return error(Code::kCorruptFile, "{}: offset {}: the .npy header is damaged: {}", path_, offset_in_file_ + position_, what);
  }
  void skip_space() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) ++position_;
  }
  bool accept(char symbol) {
    skip_space();
    if (position_ >= text_.size() || text_[position_] != symbol) return false;
    ++position_;
    return true;
  }
  bool accept_word(std::string_view word) {
    skip_space();
    if (!text_.substr(position_).starts_with(word)) return false;
    position_ += word.size();
    return true;
  }
  Status expect(char symbol) { return accept(symbol) ? Status() : corrupt(format("expected '{}'", symbol)); }

  Result<std::string> parse_string() {
    skip_space();
    const char quote = position_ < text_.size() ? text_[position_] : '\0';
    if (quote != '\'' && quote != '"') return corrupt("expected a quoted string");
    const size_t end = text_.find(quote, position_ + 1);
    if (end == std::string_view::npos) return corrupt("a string is not closed");
    std::string value(text_.substr(position_ + 1, end - position_ - 1));
    position_ = end + 1;
    return value;
  }

  Status parse_value(const std::string& key, Header& header) {
    if (key == "descr" && !header.descr) {
      skip_space();
      if (position_ < text_.size() && text_[position_] == '[') {
        return error(Code::kUnsupported, "{}: the array has a structured type; only plain numbers are read", path_);
      }
      LITEQAT_ASSIGN_OR_RETURN(header.descr, parse_string());
      return Status();
    }
    if (key == "fortran_order" && !header.fortran_order) {
      if (accept_word("True")) return header.fortran_order = true, Status();
      if (accept_word("False")) return header.fortran_order = false, Status();
      return corrupt("'fortran_order' must be True or False");
    }
    if (key == "shape" && !header.shape) return parse_shape(header.shape.emplace());
    return corrupt("a key is unknown or stands twice");
  }

  Status parse_shape(std::vector<int64_t>& shape) {
    LITEQAT_RETURN_IF_ERROR(expect('('));
    while (!accept(')')) {
      skip_space();
      int64_t extent = 0;
      const char* begin = text_.data() + position_;
      const auto [end, fault] = std::from_chars(begin, text_.data() + text_.size(), extent);
      if (fault != std::errc() || extent < 0) return corrupt("'shape' must hold integers from 0 to 2^63-1");
      if (shape.size() == kMaxRank) return corrupt(format("more than {} dimensions", kMaxRank));
      position_ += static_cast<size_t>(end - begin);
      shape.push_back(extent);
      if (accept(',')) continue;
      LITEQAT_RETURN_IF_ERROR(expect(')'));
      break;
    }
    return Status();
  }

  std::string_view text_;
  size_t offset_in_file_;
  const std::string& path_;
  size_t position_ = 0;
};

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Preamble {
  size_t header_at;
  size_t header_bytes;
};

Result<Preamble> read_preamble(std::span<const std::byte> bytes, const std::string& path) {
  if (bytes.size() < 10 || !as_text(bytes).starts_with(kMagic)) {
    return error(Code::kCorruptFile, "{}: offset 0: not a .npy file: it does not begin with \\x93NUMPY and a version ({} bytes)", path,
                 bytes.size());
  }
  const int major = std::to_integer<int>(bytes[6]), minor = std::to_integer<int>(bytes[7]);
  if (major < 1 || major > 3 || minor != 0) {
    return error(Code::kUnsupported, "{}: offset 6: .npy format version {}.{}; versions 1.0, 2.0 and 3.0 are read", path, major, minor);
  }
  const size_t length_bytes = major == 1 ? 2 : 4;
  if (bytes.size() < 8 + length_bytes) return error(Code::kCorruptFile, "{}: the file ends inside the header length", path);
  size_t length = 0;
  for (size_t i = length_bytes; i-- > 0;) length = (length << 8) | std::to_integer<size_t>(bytes[8 + i]);
  const size_t header_at = 8 + length_bytes;
  if (length > kMaxHeader || length > bytes.size() - header_at) {
    return error(Code::kCorruptFile, "{}: offset 8: header length {}; at most {} and what the file holds ({}) is possible", path, length,
                 kMaxHeader, bytes.size() - header_at);
  }
  return Preamble{header_at, length};
}

std::string shape_literal(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (size_t axis = 0; axis < shape.size(); ++axis) text += format("{}{}", axis ? ", " : "", shape[axis]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace

int64_t dtype_bytes(const std::string& dtype) {
  for (const auto& [name, size] : kTypes) {
    if (name == dtype) return size;
  }
  return 0;
}

Bytes write(const Array& array) {
  const auto count = checked_product(std::span<const int64_t>(array.shape));
  LITEQAT_CHECK(count.has_value() && dtype_bytes(array.dtype) > 0 && array.shape.size() <= kMaxRank);
  LITEQAT_CHECK_EQ(static_cast<int64_t>(array.data.size()), *count * dtype_bytes(array.dtype));

  std::string header = format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", array.dtype, shape_literal(array.shape));
  if (!array.shape.empty()) header.append(kGrowthDigits - std::to_string(array.shape[0]).size(), ' ');
  const size_t before = kMagic.size() + 2 + 2;                                         // magic, version, u16 length
  header.append(kAlignment - (before + header.size() + 1) % kAlignment, ' ') += '\n';  // 64, never 0, spaces when it fits exactly
  std::string text(kMagic);
  text += {'\x01', '\x00', static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
  text += header;

  Bytes bytes(text.size() + array.data.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  std::copy(array.data.begin(), array.data.end(), bytes.begin() + static_cast<std::ptrdiff_t>(text.size()));
  return bytes;
}

Result<Array> read(std::span<const std::byte> bytes, const std::string& path_for_messages) {
  LITEQAT_ASSIGN_OR_RETURN(const Preamble preamble, read_preamble(bytes, path_for_messages));
  const std::string_view text = as_text(bytes).substr(preamble.header_at, preamble.header_bytes);
  LITEQAT_ASSIGN_OR_RETURN(const Header header, HeaderParser(text, preamble.header_at, path_for_messages).parse());
  const int64_t size = dtype_bytes(*header.descr);
  if (size == 0) {
    return error(Code::kUnsupported, "{}: element type '{}' is not read; save as little-endian float32, int64, int8 or the like",
                 path_for_messages, *header.descr);
  }
  if (*header.fortran_order && header.shape->size() > 1) {
    return error(Code::kUnsupported, "{}: the array is in Fortran order; save numpy.ascontiguousarray(array)", path_for_messages);
  }
  const size_t data_at = preamble.header_at + preamble.header_bytes;
  const auto count = checked_product(std::span<const int64_t>(*header.shape));
  const auto expected = count ? checked_mul(*count, size) : std::nullopt;
  const auto found = static_cast<int64_t>(bytes.size() - data_at);
  if (!expected || *expected != found) {
    return error(Code::kCorruptFile, "{}: offset {}: shape {} of '{}' needs {} bytes, the file holds {}", path_for_messages, data_at,
                 shape_literal(*header.shape), *header.descr, expected ? std::to_string(*expected) : "too many", found);
  }
  return Array{*header.descr, *header.shape, Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(data_at), bytes.end())};
}

}  // namespace liteqat::formats::npy
