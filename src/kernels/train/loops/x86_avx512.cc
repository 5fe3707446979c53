#include "kernels/train/loops/generic.h"

namespace liteqat::kernels::train {

const Loops& loops_avx512() {
  static constexpr Loops kLoops = make_loops<16>("avx512");
  return kLoops;
}

}  // namespace liteqat::kernels::train
