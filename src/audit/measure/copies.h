// Copies of images across and inside splits: exact by bytes, near by a perceptual hash and then by pixels.
#pragma once

#include "audit/evidence.h"
#include "base/thread_pool.h"

namespace liteqat::audit {

/// Near: difference hashes (64 bits of an 8x8 gradient of the grey image) at most kNearBits apart, and grey pixels, after removing mean and
/// scale, correlated by at least kNearCorrelation; of the image or, in color, of its mirror image. The baseline is measured on training
/// images spread evenly over their split, as many as there are test images, each looked up among the others.
inline constexpr int kNearBits = 10;
inline constexpr double kNearCorrelation = 0.95;
DataEvidence study_data(const data::Dataset& dataset, ThreadPool& pool);

}  // namespace liteqat::audit
