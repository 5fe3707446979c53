#include "kernels/lanes/x86_avx512_bytes.h"
#include "kernels/lookup/generic.h"

namespace liteqat::kernels::lookup {
namespace {

constexpr LookupKernel kKernel = {"avx512", Isa::kAvx512, Lookup<x86_avx512::Bytes>::run};

}  // namespace

const LookupKernel& lookup_avx512() {
  return kKernel;
}

}  // namespace liteqat::kernels::lookup
