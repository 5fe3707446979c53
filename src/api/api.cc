// The C interface (include/liteqat/liteqat.h) over formats/tflite and runtime. Exceptions end here.
#include <algorithm>
#include <exception>
#include <new>

#include "base/cpu.h"
#include "base/file.h"
#include "formats/tflite/tflite.h"
#include "liteqat/liteqat.h"
#include "runtime/interpreter.h"

using liteqat::Code;
using liteqat::Result;
using liteqat::Status;

struct liteqat_model {
  liteqat::graph::Graph graph;  // the interpreter reads its constants
  liteqat::runtime::Options options;
  std::optional<liteqat::runtime::Interpreter> interpreter;
};

namespace {

thread_local std::string last_error;  // NOLINT: errno's way, because a failed load leaves no object that could carry the message

liteqat_code code_of(Code code) {
  switch (code) {
    case Code::kOk:
      return LITEQAT_OK;
    case Code::kInvalidArgument:
      return LITEQAT_INVALID_ARGUMENT;
    case Code::kCorruptFile:
      return LITEQAT_CORRUPT_FILE;
    case Code::kUnsupported:
      return LITEQAT_UNSUPPORTED;
    case Code::kNotFound:
      return LITEQAT_NOT_FOUND;
    case Code::kIo:
      return LITEQAT_IO;
    case Code::kOutOfRange:
      return LITEQAT_OUT_OF_RANGE;
    case Code::kMismatch:
      return LITEQAT_MISMATCH;
    case Code::kInterrupted:
    case Code::kInternal:
      return LITEQAT_INTERNAL;
  }
  return LITEQAT_INTERNAL;
}

liteqat_code report(const Status& status) {
  if (!status.ok()) last_error = status.message();
  return code_of(status.code());
}

/// Calls function, which returns a Status; whatever it throws becomes one.
template <typename Function>
liteqat_code guarded(const Function& function) noexcept {
  try {
    return report(function());
  } catch (const std::bad_alloc&) {
    last_error.clear();  // does not allocate; the sentence below fits std::string's own buffer
    last_error = "out of memory";
    return LITEQAT_OUT_OF_RANGE;
  } catch (const std::exception& fault) {
    return report(Status(Code::kInternal, fault.what()));
  }
}

Result<liteqat::runtime::Options> read_options(const liteqat_options* given) {
  liteqat::runtime::Options options;
  const liteqat_options chosen = given != nullptr ? *given : liteqat_options{};
  if (chosen.batch != 0) options.batch = chosen.batch;
  if (chosen.threads != 0) options.threads = chosen.threads;
  if (chosen.max_memory != 0) options.max_memory = static_cast<int64_t>(std::min<size_t>(chosen.max_memory, INT64_MAX));
  if (chosen.arithmetic != nullptr) {
    LITEQAT_ASSIGN_OR_RETURN(options.profile, liteqat::runtime::parse_profile(chosen.arithmetic));
  }
  LITEQAT_ASSIGN_OR_RETURN(options.isa, chosen.isa != nullptr ? liteqat::parse_isa(chosen.isa, "isa") : liteqat::select_isa());
  return options;
}

Status load(std::span<const std::byte> bytes, const std::string& name, const liteqat_options* given, liteqat_model** out) {
  auto model = std::make_unique<liteqat_model>();
  LITEQAT_ASSIGN_OR_RETURN(model->options, read_options(given));
  LITEQAT_ASSIGN_OR_RETURN(model->graph, liteqat::formats::tflite::read(bytes, name));
  auto interpreter = liteqat::runtime::Interpreter::prepare(model->graph, model->options);
  if (!interpreter.ok()) return interpreter.status().with_context(name);
  model->interpreter.emplace(std::move(interpreter).value());
  *out = model.release();
  return {};
}

liteqat_type type_of(liteqat::graph::DType type) {
  using liteqat::graph::DType;
  switch (type) {
    case DType::kFloat32:
      return LITEQAT_FLOAT32;
    case DType::kFloat16:
      return LITEQAT_FLOAT16;
    case DType::kInt8:
      return LITEQAT_INT8;
    case DType::kUInt8:
      return LITEQAT_UINT8;
    case DType::kInt16:
      return LITEQAT_INT16;
    case DType::kInt32:
      return LITEQAT_INT32;
    case DType::kInt64:
      return LITEQAT_INT64;
    case DType::kBool:
      return LITEQAT_BOOL;
  }
  return LITEQAT_FLOAT32;
}

liteqat_tensor view_of(const liteqat::graph::Tensor& tensor, const std::byte* data, size_t bytes) {
  const liteqat::graph::Quantization& q = tensor.quantization;
  return {.name = tensor.name.c_str(),
          .type = type_of(tensor.type),
          .rank = static_cast<int32_t>(tensor.shape.size()),
          .shape = tensor.shape.data(),
          .data = const_cast<std::byte*>(data),  // C has one struct for inputs and outputs
          .bytes = bytes,
          .scale = q.empty() ? 0.0f : q.scale[0],
          .zero_point = q.empty() ? 0 : static_cast<int32_t>(q.zero_point[0])};
}

Status check_index(const char* what, size_t index, size_t count) {
  if (index < count) return {};
  return liteqat::error(Code::kOutOfRange, "{} {} was asked for, the model has {}", what, index, count);
}

Status missing(const char* what) {
  return liteqat::error(Code::kInvalidArgument, "{} is NULL", what);
}

}  // namespace

extern "C" {

const char* liteqat_version(void) {
  return LITEQAT_VERSION;
}

const char* liteqat_last_error(void) {
  return last_error.c_str();
}

liteqat_code liteqat_load_file(const char* path, const liteqat_options* options, liteqat_model** model) {
  return guarded([&]() -> Status {
    if (model == nullptr) return missing("model");
    *model = nullptr;
    if (path == nullptr) return missing("path");
    LITEQAT_ASSIGN_OR_RETURN(const liteqat::Bytes bytes, liteqat::read_file(path));
    return load(bytes, path, options, model);
  });
}

liteqat_code liteqat_load_memory(const void* bytes, size_t size, const liteqat_options* options, liteqat_model** model) {
  return guarded([&]() -> Status {
    if (model == nullptr) return missing("model");
    *model = nullptr;
    if (bytes == nullptr) return missing("bytes");
    return load({static_cast<const std::byte*>(bytes), size}, "model in memory", options, model);
  });
}

void liteqat_free(liteqat_model* model) {
  delete model;
}

liteqat_code liteqat_resize(liteqat_model* model, int32_t batch) {
  return guarded([&]() -> Status {
    if (model == nullptr) return missing("model");
    liteqat::runtime::Options options = model->options;
    options.batch = batch;
    LITEQAT_ASSIGN_OR_RETURN(liteqat::runtime::Interpreter resized, liteqat::runtime::Interpreter::prepare(model->graph, options));
    *model->interpreter = std::move(resized);
    model->options = options;
    return {};
  });
}

size_t liteqat_input_count(const liteqat_model* model) {
  return model == nullptr ? 0 : model->graph.inputs.size();
}

size_t liteqat_output_count(const liteqat_model* model) {
  return model == nullptr ? 0 : model->graph.outputs.size();
}

liteqat_code liteqat_input(const liteqat_model* model, size_t index, liteqat_tensor* tensor) {
  return guarded([&]() -> Status {
    if (model == nullptr || tensor == nullptr) return missing(model == nullptr ? "model" : "tensor");
    LITEQAT_RETURN_IF_ERROR(check_index("input", index, model->graph.inputs.size()));
    auto& interpreter = const_cast<liteqat::runtime::Interpreter&>(*model->interpreter);  // the caller may write what the view points to
    const auto data = interpreter.input(index);
    *tensor = view_of(interpreter.input_tensor(index), data.data(), data.size());
    return {};
  });
}

liteqat_code liteqat_output(const liteqat_model* model, size_t index, liteqat_tensor* tensor) {
  return guarded([&]() -> Status {
    if (model == nullptr || tensor == nullptr) return missing(model == nullptr ? "model" : "tensor");
    LITEQAT_RETURN_IF_ERROR(check_index("output", index, model->graph.outputs.size()));
    const auto data = model->interpreter->output(index);
    *tensor = view_of(model->interpreter->output_tensor(index), data.data(), data.size());
    return {};
  });
}

void liteqat_invoke(liteqat_model* model) {
  if (model != nullptr) model->interpreter->invoke();
}

size_t liteqat_arena_bytes(const liteqat_model* model) {
  return model == nullptr ? 0 : static_cast<size_t>(model->interpreter->arena_bytes());
}

size_t liteqat_scratch_bytes(const liteqat_model* model) {
  return model == nullptr ? 0 : static_cast<size_t>(model->interpreter->scratch_bytes());
}

}  // extern "C"
