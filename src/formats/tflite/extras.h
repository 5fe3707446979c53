// What a .tflite file holds beside the model: kept when it is written again.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/file.h"

namespace liteqat::formats::tflite {

struct Extras {
  struct Metadata {
    std::string name;
    Bytes content;
  };
  /// A name that a signature gives an input or output of the model, by its place among them.
  struct NamedEnd {
    std::string name;
    size_t position = 0;
  };
  struct Signature {
    std::string key;
    std::vector<NamedEnd> inputs, outputs;
  };
  struct AssociatedFile {
    std::string name, content;
  };

  std::vector<Metadata> metadata;     // in order; none of min_runtime_version, which follows from the operators
  std::vector<Signature> signatures;  // of the first subgraph
  std::vector<AssociatedFile> files;  // of the archive at the file's end, those that are not compressed
  std::string subgraph;               // the first subgraph's name
};

}  // namespace liteqat::formats::tflite
