// libpng reports faults by longjmp. It crosses only the functions below that call setjmp, whose locals are plain data: everything with a
// destructor lives in their callers.
#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "formats/image/codecs.h"

namespace liteqat::formats::image {
namespace {

constexpr unsigned char kSignature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
constexpr png_uint_32 kMaxSide = 1u << 26;
constexpr png_alloc_size_t kMaxChunkBytes = 8 << 20;  // of ancillary chunks, which are not used
constexpr png_uint_32 kMaxChunks = 1000;

struct Reader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  const std::byte* bytes = nullptr;
  size_t size = 0, at = 0;
  int passes = 1;
  char message[160] = {};
};

void take_bytes(png_structp png, png_bytep out, size_t count) {
  auto& reader = *static_cast<Reader*>(png_get_io_ptr(png));
  if (count > reader.size - reader.at) png_error(png, "the file ends before its data do");
  std::memcpy(out, reader.bytes + reader.at, count);
  reader.at += count;
}

[[noreturn]] void fail(png_structp png, png_const_charp message) {
  auto& reader = *static_cast<Reader*>(png_get_error_ptr(png));
  std::snprintf(reader.message, sizeof reader.message, "%s", message);
  png_longjmp(png, 1);
}

void ignore(png_structp, png_const_charp) {}

/// Reads up to the first data and asks for 8-bit gray or RGB.
bool begin(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_set_user_limits(reader.png, kMaxSide, kMaxSide);
  png_set_chunk_malloc_max(reader.png, kMaxChunkBytes);
  png_set_chunk_cache_max(reader.png, kMaxChunks);
  png_set_read_fn(reader.png, &reader, take_bytes);
  png_read_info(reader.png, reader.info);
  const int type = png_get_color_type(reader.png, reader.info);
  if (png_get_bit_depth(reader.png, reader.info) == 16) png_set_strip_16(reader.png);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(reader.png);
  if (type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(reader.png);
  png_set_strip_alpha(reader.png);  // also of a palette, which brings its transparency along
  return true;
}

/// Requires: room for height rows of `stride` bytes, which must be what a row has.
bool read_rows(Reader& reader, unsigned char* out, size_t height, size_t stride) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  reader.passes = png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  if (png_get_rowbytes(reader.png, reader.info) != stride) png_error(reader.png, "rows of an unexpected size");
  for (int pass = 0; pass < reader.passes; ++pass) {
    for (size_t row = 0; row < height; ++row) png_read_row(reader.png, out + row * stride, nullptr);
  }
  return true;
}

/// Owns libpng's structures for one file.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) {
    reader_.bytes = bytes.data(), reader_.size = bytes.size();
    reader_.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader_, fail, ignore);
    if (reader_.png != nullptr) reader_.info = png_create_info_struct(reader_.png);
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { png_destroy_read_struct(&reader_.png, &reader_.info, nullptr); }

  Result<Header> read_header(const std::string& path) {
    if (reader_.info == nullptr) return error(Code::kInternal, "{}: libpng could not be started", path);
    if (!begin(reader_)) return fault(path);
    Header header = {.format = "PNG",
                     .height = static_cast<int32_t>(png_get_image_height(reader_.png, reader_.info)),
                     .width = static_cast<int32_t>(png_get_image_width(reader_.png, reader_.info)),
                     .channels = (png_get_color_type(reader_.png, reader_.info) & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1};
    LITEQAT_RETURN_IF_ERROR(check_size(header.height, header.width, path));
    return header;
  }

  Status read_pixels(const std::string& path, Image& image) {
    const size_t stride = static_cast<size_t>(image.width) * static_cast<size_t>(image.channels);
    return read_rows(reader_, image.pixels.data(), static_cast<size_t>(image.height), stride) ? Status() : fault(path);
  }

 private:
  Status fault(const std::string& path) const { return error(Code::kCorruptFile, "{}: broken PNG image: {}", path, reader_.message); }

  Reader reader_;
};

}  // namespace

bool is_png(std::span<const std::byte> bytes) {
  return bytes.size() >= sizeof kSignature && std::memcmp(bytes.data(), kSignature, sizeof kSignature) == 0;
}

Result<Header> read_png_header(std::span<const std::byte> bytes, const std::string& path) {
  return Decoder(bytes).read_header(path);
}

Result<Image> decode_png(std::span<const std::byte> bytes, const std::string& path) {
  Decoder decoder(bytes);
  LITEQAT_ASSIGN_OR_RETURN(const Header header, decoder.read_header(path));
  Image image = {.height = header.height, .width = header.width, .channels = header.channels, .pixels = {}};
  image.pixels.resize(static_cast<size_t>(int64_t{header.height} * header.width * header.channels));
  LITEQAT_RETURN_IF_ERROR(decoder.read_pixels(path, image));
  return image;
}

}  // namespace liteqat::formats::image
