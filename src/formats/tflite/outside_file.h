// Test files whose data lie behind the FlatBuffer (Buffer.offset and size), as converters of large models write them. For tests only.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "base/file.h"
#include "tflite_schema_generated.h"

namespace liteqat::formats::tflite {

inline Bytes packed(const ::tflite::ModelT& model) {
  flatbuffers::FlatBufferBuilder builder;
  ::tflite::FinishModelBuffer(builder, ::tflite::CreateModel(builder, &model));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

/// The same model with every buffer's data behind the FlatBuffer, each at a multiple of 16 plus `shift`. An archive behind the original
/// is left out.
inline Bytes outside_file(const Bytes& original, size_t shift = 0) {
  const auto model = ::tflite::UnPackModel(original.data());
  std::vector<std::vector<uint8_t>> contents;
  for (const auto& buffer : model->buffers) {
    contents.push_back(std::move(buffer->data));
    buffer->data.clear();
    if (!contents.back().empty()) buffer->offset = buffer->size = UINT64_MAX;  // stored, so that the places below change no size
  }
  Bytes file = packed(*model);
  size_t end = file.size();
  for (size_t index = 0; index < contents.size(); ++index) {
    if (contents[index].empty()) continue;
    model->buffers[index]->offset = (end + 15) / 16 * 16 + shift;
    model->buffers[index]->size = contents[index].size();
    end = model->buffers[index]->offset + contents[index].size();
  }
  file = packed(*model);
  file.resize(end);
  for (size_t index = 0; index < contents.size(); ++index) {
    const auto content = std::as_bytes(std::span(contents[index]));
    if (!content.empty())
      std::copy(content.begin(), content.end(), file.begin() + static_cast<std::ptrdiff_t>(model->buffers[index]->offset));
  }
  return file;
}

}  // namespace liteqat::formats::tflite
