#include "kernels/train/loops/generic.h"

namespace liteqat::kernels::train {

const Loops& loops_avx2() {
  static constexpr Loops kLoops = make_loops<8>("avx2");
  return kLoops;
}

}  // namespace liteqat::kernels::train
