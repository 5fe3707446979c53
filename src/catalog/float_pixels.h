// Pixels in arrays of floating point: x_train.astype("float32") and x_train / 255. Nothing is rounded that was not a pixel: an array of
// other numbers (standardised, resized in float) is refused. Private to catalog.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/npy/npy.h"

namespace liteqat::catalog {

/// The pixels of an array of uint8, or of float32 or float64 whose numbers are all whole ones from 0 to 255, or all such divided by 255.
/// Fails: kMismatch naming the first number that is neither, or the type; kMismatch for zeros and ones alone, which are both.
Result<std::vector<uint8_t>> take_pixels(const formats::npy::Array& array, const std::string& name);

}  // namespace liteqat::catalog
