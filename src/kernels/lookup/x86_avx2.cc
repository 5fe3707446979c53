#include "kernels/lanes/x86_avx2_bytes.h"
#include "kernels/lookup/generic.h"

namespace liteqat::kernels::lookup {
namespace {

constexpr LookupKernel kKernel = {"avx2", Isa::kAvx2, Lookup<x86_avx2::Bytes>::run};

}  // namespace

const LookupKernel& lookup_avx2() {
  return kKernel;
}

}  // namespace liteqat::kernels::lookup
