// libjpeg-turbo with its defaults, which are Pillow's: the accurate integer transform and fancy upsampling. Faults arrive by longjmp, which
// crosses only the functions below that call setjmp, whose locals are plain data.
#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>

#include <jerror.h>

#include <csetjmp>
#include <cstring>

#include "formats/image/codecs.h"

namespace liteqat::formats::image {
namespace {

constexpr int kMaxScans = 200;  // of progressive files, which have about ten; each one touches every coefficient

struct Reader {
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

Reader& reader_of(j_common_ptr jpeg) {
  return *static_cast<Reader*>(jpeg->client_data);
}

[[noreturn]] void fail(j_common_ptr jpeg) {
  Reader& reader = reader_of(jpeg);
  (*jpeg->err->format_message)(jpeg, reader.message);
  std::longjmp(reader.jump, 1);
}

/// Level -1 are warnings. Those that concern no pixel are passed over; after the others libjpeg would go on with invented pixels.
void judge_message(j_common_ptr jpeg, int level) {
  const int code = jpeg->err->msg_code;
  const bool harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR;
  if (level < 0 && !harmless) fail(jpeg);
}

void count_scans(j_common_ptr jpeg) {
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= kMaxScans) return;
  Reader& reader = reader_of(jpeg);
  std::snprintf(reader.message, sizeof reader.message, "more than %d scans", kMaxScans);
  std::longjmp(reader.jump, 1);
}

bool begin(Reader& reader, const unsigned char* bytes, size_t size) {
  if (setjmp(reader.jump)) return false;
  jpeg_create_decompress(&reader.jpeg);
  reader.jpeg.progress = &reader.progress;
  jpeg_mem_src(&reader.jpeg, bytes, static_cast<unsigned long>(size));
  jpeg_read_header(&reader.jpeg, TRUE);
  const J_COLOR_SPACE stored = reader.jpeg.jpeg_color_space;
  const bool four = stored == JCS_CMYK || stored == JCS_YCCK;
  reader.jpeg.out_color_space = four ? JCS_CMYK : stored == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  return true;
}

/// Requires: room for output_height rows of `stride` bytes. What follows the last row is not looked at.
bool read_rows(Reader& reader, unsigned char* out, size_t stride) {
  if (setjmp(reader.jump)) return false;
  jpeg_start_decompress(&reader.jpeg);
  while (reader.jpeg.output_scanline < reader.jpeg.output_height) {
    JSAMPROW row = out + reader.jpeg.output_scanline * stride;
    jpeg_read_scanlines(&reader.jpeg, &row, 1);
  }
  return true;
}

/// a * b / 255, rounded.
uint8_t scale_255(uint32_t a, uint32_t b) {
  const uint32_t product = a * b + 128;
  return static_cast<uint8_t>(((product >> 8) + product) >> 8);
}

/// Four inverted inks a pixel, as Adobe's programs write them, to RGB in place.
void make_rgb(std::vector<uint8_t>& pixels) {
  const size_t count = pixels.size() / 4;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* inks = pixels.data() + i * 4;
    const uint8_t light = inks[3];  // 255 - black
    uint8_t rgb[3];
    for (size_t c = 0; c < 3; ++c) rgb[c] = static_cast<uint8_t>(light - scale_255(255u - inks[c], light));
    std::memcpy(pixels.data() + i * 3, rgb, sizeof rgb);
  }
  pixels.resize(count * 3);
}

/// Owns libjpeg's structures for one file.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) : bytes_(bytes) {
    std::memset(&reader_, 0, sizeof reader_);
    reader_.jpeg.err = jpeg_std_error(&reader_.errors);
    reader_.jpeg.client_data = &reader_;
    reader_.errors.error_exit = fail;
    reader_.errors.emit_message = judge_message;
    reader_.progress.progress_monitor = count_scans;
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { jpeg_destroy_decompress(&reader_.jpeg); }

  Result<Header> read_header(const std::string& path) {
    if (!begin(reader_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size())) return fault(path);
    Header header = {.format = "JPEG",
                     .height = static_cast<int32_t>(reader_.jpeg.image_height),
                     .width = static_cast<int32_t>(reader_.jpeg.image_width),
                     .channels = reader_.jpeg.out_color_space == JCS_GRAYSCALE ? 1 : 3};
    LITEQAT_RETURN_IF_ERROR(check_size(header.height, header.width, path));
    return header;
  }

  /// Fills image.pixels.
  Status read_pixels(const std::string& path, Image& image) {
    const bool four = reader_.jpeg.out_color_space == JCS_CMYK;
    const size_t stride = static_cast<size_t>(image.width) * static_cast<size_t>(four ? 4 : image.channels);
    image.pixels.resize(static_cast<size_t>(image.height) * stride);
    if (!read_rows(reader_, image.pixels.data(), stride)) return fault(path);
    if (four) make_rgb(image.pixels);
    return {};
  }

 private:
  Status fault(const std::string& path) const { return error(Code::kCorruptFile, "{}: broken JPEG image: {}", path, reader_.message); }

  std::span<const std::byte> bytes_;
  Reader reader_;
};

}  // namespace

bool is_jpeg(std::span<const std::byte> bytes) {
  return bytes.size() >= 3 && bytes[0] == std::byte{0xFF} && bytes[1] == std::byte{0xD8} && bytes[2] == std::byte{0xFF};
}

Result<Header> read_jpeg_header(std::span<const std::byte> bytes, const std::string& path) {
  return Decoder(bytes).read_header(path);
}

Result<Image> decode_jpeg(std::span<const std::byte> bytes, const std::string& path) {
  Decoder decoder(bytes);
  LITEQAT_ASSIGN_OR_RETURN(const Header header, decoder.read_header(path));
  Image image = {.height = header.height, .width = header.width, .channels = header.channels, .pixels = {}};
  LITEQAT_RETURN_IF_ERROR(decoder.read_pixels(path, image));
  return image;
}

}  // namespace liteqat::formats::image
