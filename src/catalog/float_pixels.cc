#include "catalog/float_pixels.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace liteqat::catalog {
namespace {

/// A pixel divided by 255, or multiplied by the reciprocal, in float32 or better is off by three roundings at most: of the constant, of the
/// product, of a conversion.
constexpr double kRoundings = 3 * 0x1p-24;

/// 0 to 255, or -1 if value is none of them divided by `white`.
int pixel_of(double value, double white) {
  const double pixel = std::nearbyint(value * white);
  if (!(pixel >= 0 && pixel <= 255)) return -1;
  const double exact = pixel / white;
  return std::abs(value - exact) <= (white == 1 ? 0 : kRoundings * exact) ? static_cast<int>(pixel) : -1;
}

template <typename T>
Result<std::vector<uint8_t>> convert(std::span<const T> values, const std::string& name) {
  const bool fractions = std::ranges::all_of(values, [](T value) { return value <= 1; });
  const bool whole = std::ranges::all_of(values, [](T value) { return value == 0 || value == 1; });
  if (whole && std::ranges::find(values, T{1}) != values.end()) {
    return error(Code::kMismatch, "{}: holds zeros and ones alone, which may be pixels or pixels / 255; store uint8", name);
  }
  std::vector<uint8_t> pixels;
  pixels.reserve(values.size());
  for (const T value : values) {
    const int pixel = pixel_of(static_cast<double>(value), fractions ? 255 : 1);
    if (pixel < 0) {
      return error(Code::kMismatch,
                   "{}: element {} is {}; pixels as uint8, or whole numbers from 0 to 255 and such / 255 in float, are expected", name,
                   pixels.size(), value);
    }
    pixels.push_back(static_cast<uint8_t>(pixel));
  }
  return pixels;
}

}  // namespace

Result<std::vector<uint8_t>> take_pixels(const formats::npy::Array& array, const std::string& name) {
  if (array.dtype == "<f4") return convert(array.as<float>(), name);
  if (array.dtype == "<f8") return convert(array.as<double>(), name);
  if (array.dtype != "|u1") {
    return error(Code::kMismatch, "{}: holds {}, pixels as uint8 from 0 to 255 are expected", name, array.dtype);
  }
  const auto pixels = array.as<uint8_t>();
  return std::vector<uint8_t>(pixels.begin(), pixels.end());
}

}  // namespace liteqat::catalog
