// NumPy .npy arrays (format versions 1.0 to 3.0, little-endian, C order). One array per file.
// Not here: .npz archives, Fortran order, big-endian, strings, objects (they could run code) and structured types. Bytes are exact both
// ways: write() gives what numpy.save gives. Functions are pure and may be called from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/status.h"

namespace liteqat::formats::npy {

struct Array {
  std::string dtype;  // NumPy's descr: "<f4", "<i4", "<i8", "|i1", "|u1", "<i2", also "<f2", "<f8", "<u2", "<u4", "<u8", "|b1"
  std::vector<int64_t> shape;
  Bytes data;

  /// Requires: sizeof(T) is the dtype's size.
  template <typename T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }
};

/// Bytes of one element; 0 for a dtype we do not read.
int64_t dtype_bytes(const std::string& dtype);

/// Requires: a dtype of dtype_bytes(), extents >= 0, data of exactly shape x dtype, at most 32 dimensions.
Bytes write(const Array& array);

/// Fails: kCorruptFile (with offset), kUnsupported (Fortran order, big-endian, objects).
Result<Array> read(std::span<const std::byte> bytes, const std::string& path_for_messages);

}  // namespace liteqat::formats::npy
