#include "kernels/train/elementwise.h"

#include "kernels/train/loops/loops.h"

namespace liteqat::kernels::train {

void relu_forward(const float* x, float* y, int64_t elems) {
  loops().relu_forward(x, y, elems);
}
void relu6_forward(const float* x, float* y, int64_t elems) {
  loops().relu6_forward(x, y, elems);
}
void relu_backward(const float* y, const float* dy, float* dx, int64_t elems) {
  loops().relu_backward(y, dy, dx, elems);
}
void relu6_backward(const float* y, const float* dy, float* dx, int64_t elems) {
  loops().relu6_backward(y, dy, dx, elems);
}
void add_forward(const float* a, const float* b, float* y, int64_t elems) {
  loops().add_forward(a, b, y, elems);
}
void accumulate(const float* x, float* sum, int64_t elems) {
  loops().accumulate(x, sum, elems);
}

}  // namespace liteqat::kernels::train
