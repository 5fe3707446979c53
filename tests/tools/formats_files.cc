// Writes one file of every format into a folder, for tests/oracle/formats_test.py to open with the formats' own tools.
#include <cstdio>
#include <cstring>
#include <string>

#include "base/file.h"
#include "formats/npy/npy.h"
#include "formats/safetensors/safetensors.h"
#include "formats/tensorboard/event_writer.h"
#include "formats/tflite/test_graphs.h"
#include "formats/tflite/tflite.h"

namespace liteqat::formats {
namespace {

using graph::DType;

Bytes counting_bytes(size_t count) {
  Bytes bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * 7 + 1);
  return bytes;
}

Status write_arrays(const std::string& folder) {
  int index = 0;
  for (const char* dtype : {"<f4", "<f8", "<f2", "<i2", "<i4", "<i8", "|i1", "|u1", "<u2", "<u4", "<u8", "|b1"}) {
    // The last shapes make the header just fit, and not, into a multiple of 64 bytes.
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{},
                                              {0},
                                              {3},
                                              {2, 5},
                                              {1, 2, 3, 4},
                                              {10, 1},
                                              {1, 10, 1, 1, 1, 1, 1, 1, 1},
                                              {1, 10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
                                              {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 10, 10}}) {
      int64_t elems = 1;
      for (int64_t extent : shape) elems *= extent;
      npy::Array array{dtype, shape, counting_bytes(static_cast<size_t>(elems * npy::dtype_bytes(dtype)))};
      LITEQAT_RETURN_IF_ERROR(write_file(format("{}/array_{}.npy", folder, index++), npy::write(array)));
    }
  }
  return Status();
}

Status write_checkpoint(const std::string& folder) {
  safetensors::File file;
  file.metadata = {{"format", "pt"}, {"note", "two\nlines \"quoted\" \xC3\xA4"}};
  file.arrays["conv/kernel"] = {DType::kFloat32, {2, 3}, counting_bytes(24)};
  file.arrays["a"] = {DType::kInt8, {5}, counting_bytes(5)};
  file.arrays["scalar"] = {DType::kInt64, {}, counting_bytes(8)};
  file.arrays["none"] = {DType::kFloat16, {0, 4}, {}};
  return write_file(folder + "/checkpoint.safetensors", safetensors::write(file));
}

Status write_models(const std::string& folder) {
  const std::pair<const char*, graph::Graph> models[] = {{"float32", tflite::make_every_operator(DType::kFloat32)},
                                                         {"int8", tflite::make_every_operator(DType::kInt8)},
                                                         {"float16", tflite::make_float16_weights()}};
  for (const auto& [name, graph] : models) {
    LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, tflite::write(graph));
    LITEQAT_RETURN_IF_ERROR(write_file(format("{}/{}.tflite", folder, name), bytes));
  }
  return Status();
}

Status write_events(const std::string& folder) {
  LITEQAT_ASSIGN_OR_RETURN(auto writer, tensorboard::EventWriter::open(folder, 1700000000));
  for (int step = 0; step < 3; ++step) {
    LITEQAT_RETURN_IF_ERROR(writer.add_scalar("loss", 1000 * step, 1.0f / static_cast<float>(1 + step), 1700000000.5 + step));
  }
  return Status();
}

Status write_all(const std::string& folder) {
  LITEQAT_RETURN_IF_ERROR(make_folder(folder));
  LITEQAT_RETURN_IF_ERROR(write_arrays(folder));
  LITEQAT_RETURN_IF_ERROR(write_checkpoint(folder));
  LITEQAT_RETURN_IF_ERROR(write_models(folder));
  return write_events(folder);
}

}  // namespace
}  // namespace liteqat::formats

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const liteqat::Status status = liteqat::formats::write_all(arguments[1]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
