#include "kernels/train/loops/generic.h"

namespace liteqat::kernels::train {

const Loops& loops_reference() {
  static constexpr Loops kLoops = make_loops<4>("reference");
  return kLoops;
}

}  // namespace liteqat::kernels::train
