#include "pipeline/isolate.h"

#include <filesystem>

#include "base/file.h"
#include "formats/npy/npy.h"
#include "formats/tflite/tflite.h"
#include "pipeline/npy_type.h"

namespace liteqat::pipeline {
namespace {

/// Images on the batch axis where that is 1, else on a new first one: what predict takes.
Status write_captured(const audit::Captured& captured, int64_t images, const std::string& path) {
  std::vector<int64_t> shape(captured.tensor.shape.begin(), captured.tensor.shape.end());
  if (!shape.empty() && shape[0] == 1)
    shape[0] = images;
  else
    shape.insert(shape.begin(), images);
  return write_file(path, formats::npy::write({npy_type(captured.tensor.type), shape, captured.bytes}));
}

}  // namespace

Status write_isolated(const audit::IsolatedOp& isolated, const std::string& folder) {
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  if (fault) return error(Code::kIo, "--isolate {}: the folder cannot be made: {}", folder, fault.message());
  LITEQAT_ASSIGN_OR_RETURN(const Bytes model, formats::tflite::write(isolated.graph));
  LITEQAT_RETURN_IF_ERROR(write_file(folder + "/operator.tflite", model));
  for (size_t i = 0; i < isolated.inputs.size(); ++i) {
    const std::string name = isolated.inputs.size() == 1 ? "input.npy" : format("input_{}.npy", i);
    LITEQAT_RETURN_IF_ERROR(write_captured(isolated.inputs[i], isolated.images, folder + "/" + name));
  }
  LITEQAT_RETURN_IF_ERROR(write_captured(isolated.quantized, isolated.images, folder + "/output_quantized.npy"));
  return write_captured(isolated.real, isolated.images, folder + "/output_float.npy");
}

}  // namespace liteqat::pipeline
