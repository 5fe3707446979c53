// Fuzz target: any bytes as .npy and as .npz.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "formats/npy/npy.h"
#include "formats/npy/npz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace npy = liteqat::formats::npy;
  const auto bytes = std::as_bytes(std::span(data, size));
  (void)npy::read_npz(bytes, "fuzz.npz");
  const auto array = npy::read(bytes, "fuzz.npy");
  if (array.ok() && !npy::read(npy::write(*array), "again.npy").ok()) std::abort();
  return 0;
}
