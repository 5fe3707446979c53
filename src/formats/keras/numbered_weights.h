// The weights of Keras 3 without a model (.weights.h5). Private to formats/keras.
#pragma once

#include <map>
#include <string>

#include "base/status.h"
#include "formats/archive/archive.h"

namespace liteqat::formats::keras {

/// Every array of a Keras 3 file without a model, by "layer/weight", in nested models "model/layer/weight"; empty if the file is none.
/// Keras stores "vars/0", "vars/1" ... in groups named after classes ("conv2d_1"); the layer's own name is an attribute beside them, or, in
/// files of the first versions, nowhere, and then the group's name stands for it. Which weight a number is follows from the class and from
/// how many there are: of three in a BatchNormalization the first is taken for beta (scale=False); those of unknown classes keep their
/// numbers. Fails: kCorruptFile for two layers of one name.
Result<std::map<std::string, const archive::Array*>> list_numbered_weights(const archive::Contents& contents);

}  // namespace liteqat::formats::keras
