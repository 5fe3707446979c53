// From the contents of a file to a graph: walks the model's calls and appends each layer. Private to formats/keras.
#pragma once

#include "base/status.h"
#include "formats/archive/archive.h"
#include "formats/keras/keras.h"

namespace liteqat::formats::keras {

/// True if the file describes a model, not only weights.
bool has_model(const archive::Contents& contents);

/// The model that a file's configuration and arrays describe. Fails: kCorruptFile, kUnsupported, kMismatch, kOutOfRange naming the layer
/// and its class; kUnsupported for weights without a configuration.
Result<Imported> import_contents(const archive::Contents& contents);

}  // namespace liteqat::formats::keras
