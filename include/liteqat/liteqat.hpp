// liteqat's runtime for C++: a thin owner of the C interface's model (liteqat.h has the rules). Header only; throws nothing of its own.
//
//   auto model = liteqat::Model::from_file("model.tflite", {});
//   if (!model) std::fputs(liteqat_last_error(), stderr);
//   std::ranges::copy(pixels, model->input<int8_t>().begin());
//   model->invoke();
//   for (int8_t score : model->output<int8_t>()) ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "liteqat/liteqat.h"

namespace liteqat {

class Model {
 public:
  /// Nothing on failure; liteqat_last_error() says why.
  static std::optional<Model> from_file(const char* path, const liteqat_options& options = {}) {
    liteqat_model* model = nullptr;
    liteqat_load_file(path, &options, &model);
    return own(model);
  }
  /// The bytes may be freed afterwards.
  static std::optional<Model> from_memory(std::span<const std::byte> bytes, const liteqat_options& options = {}) {
    liteqat_model* model = nullptr;
    liteqat_load_memory(bytes.data(), bytes.size(), &options, &model);
    return own(model);
  }

  /// Another batch; views of inputs and outputs are void afterwards. False on failure: the model stays as it was.
  bool resize(int32_t batch) { return liteqat_resize(model_.get(), batch) == LITEQAT_OK; }

  size_t input_count() const { return liteqat_input_count(model_.get()); }
  size_t output_count() const { return liteqat_output_count(model_.get()); }
  /// Requires: index < count.
  liteqat_tensor input_tensor(size_t index = 0) const { return view(liteqat_input, index); }
  liteqat_tensor output_tensor(size_t index = 0) const { return view(liteqat_output, index); }

  /// The elements of an input or output. Requires: T is the tensor's type.
  template <typename T>
  std::span<T> input(size_t index = 0) {
    const liteqat_tensor tensor = input_tensor(index);
    return {static_cast<T*>(tensor.data), tensor.bytes / sizeof(T)};
  }
  template <typename T>
  std::span<const T> output(size_t index = 0) const {
    const liteqat_tensor tensor = output_tensor(index);
    return {static_cast<const T*>(tensor.data), tensor.bytes / sizeof(T)};
  }

  /// Fill the inputs before every call: their memory is used again. Allocates nothing.
  void invoke() { liteqat_invoke(model_.get()); }

  size_t arena_bytes() const { return liteqat_arena_bytes(model_.get()); }
  size_t scratch_bytes() const { return liteqat_scratch_bytes(model_.get()); }
  liteqat_model* get() { return model_.get(); }

 private:
  struct Free {
    void operator()(liteqat_model* model) const { liteqat_free(model); }
  };
  explicit Model(liteqat_model* model) : model_(model) {}
  static std::optional<Model> own(liteqat_model* model) { return model != nullptr ? std::optional(Model(model)) : std::nullopt; }

  using Get = liteqat_code (*)(const liteqat_model*, size_t, liteqat_tensor*);
  liteqat_tensor view(Get read, size_t index) const {
    liteqat_tensor tensor = {};
    read(model_.get(), index, &tensor);
    return tensor;
  }

  std::unique_ptr<liteqat_model, Free> model_;
};

}  // namespace liteqat
