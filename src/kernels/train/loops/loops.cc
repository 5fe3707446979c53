#include "kernels/train/loops/loops.h"

#include "base/check.h"

namespace liteqat::kernels::train {

const Loops& find_loops([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::kAvx512) return loops_avx512();
  if (isa >= Isa::kAvx2) return loops_avx2();
#endif
  return loops_reference();
}

const Loops& loops() {
  static const Loops& chosen = [&]() -> const Loops& {
    const Result<Isa> isa = select_isa();
    LITEQAT_CHECK(isa.ok());
    return find_loops(*isa);
  }();
  return chosen;
}

}  // namespace liteqat::kernels::train
