// Damage to .tflite files, numbered: what a child process did when it died can be made again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"

namespace liteqat::test {

/// A place of a FlatBuffer that a reader interprets: a scalar, a vector's length or an offset.
struct Site {
  enum class Kind { kInteger, kFloat, kLength, kOffset } kind;
  size_t offset, bytes;
  std::string path;                  // "subgraphs[0].tensors[2].shape[1]"
  std::vector<size_t> targets = {};  // kOffset: what other fields of this type point to, and the field's own table
};

/// Every scalar, every vector's length and every offset that the model's tables hold, by the TFLite schema (`schema` is its binary form,
/// flatc --binary --schema). Of a vector of scalars the first and last eight elements; the bytes of Buffer.data are payload, not structure.
/// Requires: the model passes the FlatBuffers verifier.
std::vector<Site> find_sites(const Bytes& model, const Bytes& schema);

/// What is done to a model.
enum class Damage {
  kBytes,      // every byte to 12 values, every truncation, 1 to 64 bytes appended
  kStructure,  // every site to its type's extreme values, or pointed elsewhere, to another table of its type too
  kBoth,       // of large models: the bytes of the sites to 12 values, then kStructure
};

class Mutations {
 public:
  Mutations(Bytes model, const Bytes& schema, Damage damage);

  size_t count() const { return count_; }
  /// Mutation `index` of the model, and what it is in words.
  Bytes make(size_t index, std::string& what) const;
  const Bytes& model() const { return model_; }

 private:
  struct Edit {  // `value` little-endian over the site's bytes
    size_t site;
    uint64_t value;
  };
  void list_edits();
  Bytes change_byte(size_t index, std::string& what) const;
  Bytes change_length(size_t index, std::string& what) const;

  Bytes model_;
  Damage damage_;
  std::vector<Site> sites_;
  std::vector<size_t> damaged_bytes_;  // offsets, each changed to 12 values
  std::vector<Edit> edits_;
  size_t count_ = 0;
};

}  // namespace liteqat::test
