#include "kernels/train/pointwise/generic.h"
#include "kernels/train/pointwise/implementations.h"

namespace liteqat::kernels::train {
namespace {

struct Reference {
  static constexpr int kLanes = 4, kRows = 6;
  template <typename Vector>
  static Vector multiply_add(Vector a, Vector b, Vector sum) {
    return sum + a * b;
  }
};

}  // namespace

const PointwiseKernels& pointwise_kernels_reference() {
  static constexpr PointwiseKernels kKernels = make_pointwise_kernels<Reference>("pointwise_train_f32_6x8_reference");
  return kKernels;
}

}  // namespace liteqat::kernels::train
