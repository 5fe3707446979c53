// Writes random small models as .tflite with random inputs and what our runtime's reference kernels give, for the test against LiteRT.
//
//   liteqat_random_models FOLDER FIRST_SEED COUNT      -> FOLDER/<seed>.tflite, <seed>_in.npy, <seed>_out.npy
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "formats/npy/npy.h"
#include "formats/tflite/tflite.h"
#include "runtime/interpreter.h"
#include "runtime/test_graphs.h"

namespace {

using liteqat::Bytes;
using liteqat::Status;
using liteqat::graph::DType;
namespace npy = liteqat::formats::npy;

constexpr size_t kImages = 6;

npy::Array make_array(const liteqat::graph::Tensor& tensor, Bytes data) {
  npy::Array array = {.dtype = tensor.type == DType::kInt8    ? "|i1"
                               : tensor.type == DType::kUInt8 ? "|u1"
                                                              : "<f4",
                      .shape = {tensor.shape.begin(), tensor.shape.end()},
                      .data = std::move(data)};
  array.shape[0] = kImages;
  return array;
}

Status write_model(const std::string& folder, uint64_t seed) {
  const auto type = seed % 2 == 0 ? DType::kInt8 : DType::kFloat32;
  const auto graph = liteqat::runtime::RandomGraph(seed, type).make(static_cast<int>(seed % 5));
  LITEQAT_ASSIGN_OR_RETURN(const Bytes model, liteqat::formats::tflite::write(graph));
  LITEQAT_ASSIGN_OR_RETURN(auto interpreter, liteqat::runtime::Interpreter::prepare(graph, {}));
  Bytes inputs, outputs;
  for (uint64_t image = 0; image < kImages; ++image) {
    const Bytes input = liteqat::runtime::random_input(interpreter.input_tensor(0), seed * kImages + image);
    std::memcpy(interpreter.input(0).data(), input.data(), input.size());
    interpreter.invoke();
    const auto output = interpreter.output(0);
    inputs.insert(inputs.end(), input.begin(), input.end());
    outputs.insert(outputs.end(), output.begin(), output.end());
  }
  const std::string path = liteqat::format("{}/{}", folder, seed);
  LITEQAT_RETURN_IF_ERROR(liteqat::write_file(path + ".tflite", model));
  LITEQAT_RETURN_IF_ERROR(liteqat::write_file(path + "_in.npy", npy::write(make_array(interpreter.input_tensor(0), inputs))));
  return liteqat::write_file(path + "_out.npy", npy::write(make_array(interpreter.output_tensor(0), outputs)));
}

}  // namespace

int main(int count, char** values) {
  if (count != 4) return 2;
  const uint64_t first = std::strtoull(values[2], nullptr, 10), models = std::strtoull(values[3], nullptr, 10);
  for (uint64_t seed = first; seed < first + models; ++seed) {
    const Status status = write_model(values[1], seed);
    if (status.ok()) continue;
    std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed), status.message().c_str());
    return 3;
  }
  return 0;
}
