// Images and labels in NumPy arrays: .npy files in a folder, or a .npz file. Private to catalog.
#pragma once

#include <string>

#include "catalog/catalog.h"

namespace liteqat::catalog {

/// True for a .npz file, and for a folder that holds a pair of .npy files of the known names.
bool looks_like_arrays(const std::string& path);

/// Images uint8 (or pixels of float_pixels.h) [N,H,W] or [N,H,W,C] with 1 or 3 channels, labels of any whole-number type [N] or [N,1],
/// or one-hot [N,C] of any numbers.
/// Where there is one pair without a split in its name it is `test`, and `one_split` is set. Class names are labels.txt's lines where the
/// folder has that, else numbers. Fails: kMismatch for other shapes, types and counts, kOutOfRange for a negative label, kNotFound; all
/// name the array.
Result<data::Dataset> read_arrays(const std::string& path, bool& one_split, bool& numbered);

/// The images of one .npy file as a split "train" without labels. Fails: likewise.
Result<data::Split> read_unlabelled_array(const std::string& path);

}  // namespace liteqat::catalog
