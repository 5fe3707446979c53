#include "base/cpu.h"

#include <array>
#include <cstdlib>

#include "base/file.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace liteqat {
namespace {

constexpr std::array<Isa, 5> kAll = {Isa::kReference, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Vnni, Isa::kNeonDot};

}  // namespace

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::kReference:
      return "reference";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx512Vnni:
      return "avx512vnni";
    case Isa::kNeonDot:
      return "neondot";
  }
  return "unknown";
}

bool isa_supported(Isa isa) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  switch (isa) {
    case Isa::kReference:
      return true;
    case Isa::kAvx2:
      return avx2;
    case Isa::kAvx512:
      return avx512;
    case Isa::kAvx512Vnni:
      return avx512 && __builtin_cpu_supports("avx512vnni");
    case Isa::kNeonDot:
      return false;
  }
  return false;
#elif defined(__aarch64__)
  if (isa == Isa::kNeonDot) return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;  // NEON itself is part of the architecture
  return isa == Isa::kReference;
#else
  return isa == Isa::kReference;
#endif
}

std::vector<Isa> supported_isas() {
  std::vector<Isa> supported;
  for (Isa isa : kAll) {
    if (isa_supported(isa)) supported.push_back(isa);
  }
  return supported;
}

Result<Isa> parse_isa(const std::string& name, const std::string& setting) {
  std::string known;
  for (Isa isa : kAll) {
    if (name != isa_name(isa)) {
      known += (known.empty() ? "" : isa == kAll.back() ? " or " : ", ") + std::string(isa_name(isa));
      continue;
    }
    if (!isa_supported(isa)) return error(Code::kInvalidArgument, "{}={}: this CPU does not execute it", setting, name);
    return isa;
  }
  return error(Code::kInvalidArgument, "{}={}: unknown, expected {}", setting, name, known);
}

Result<Isa> select_isa() {
  const char* forced = std::getenv("LITEQAT_ISA");
  if (forced == nullptr || *forced == '\0') return supported_isas().back();
  return parse_isa(forced, "LITEQAT_ISA");
}

std::string cpu_flags() {
  std::string flags;
#if defined(__x86_64__)
  const auto add = [&flags](const char* name, bool present) {
    if (present) flags += (flags.empty() ? "" : " ") + std::string(name);
  };
  add("sse4.1", __builtin_cpu_supports("sse4.1"));
  add("avx2", __builtin_cpu_supports("avx2"));
  add("fma", __builtin_cpu_supports("fma"));
  add("avx512f", __builtin_cpu_supports("avx512f"));
  add("avx512bw", __builtin_cpu_supports("avx512bw"));
  add("avx512vl", __builtin_cpu_supports("avx512vl"));
  add("avx512vnni", __builtin_cpu_supports("avx512vnni"));
  add("avx512bf16", __builtin_cpu_supports("avx512bf16"));
#elif defined(__aarch64__)
  flags = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0 ? "neon dotprod" : "neon";
#endif
  return flags;
}

std::string cpu_model() {
  const auto text = read_text_file("/proc/cpuinfo");
  if (!text.ok()) return "unknown";
  const size_t key = text->find("model name");
  if (key == std::string::npos) return "unknown";
  const size_t begin = text->find(": ", key);
  if (begin == std::string::npos) return "unknown";
  return text->substr(begin + 2, text->find('\n', begin) - begin - 2);
}

}  // namespace liteqat
