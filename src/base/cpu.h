// What the CPU can execute, and which instruction set the kernels use. LITEQAT_ISA=reference|avx2|avx512|avx512vnni|neondot forces one; an
// unknown or unsupported value is an error, never a silent fallback.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat {

enum class Isa { kReference, kAvx2, kAvx512, kAvx512Vnni, kNeonDot };  // weakest first within an architecture

const char* isa_name(Isa isa);

/// True if this CPU executes the set (and the operating system saves its registers).
bool isa_supported(Isa isa);

/// All sets this CPU executes, weakest first.
std::vector<Isa> supported_isas();

/// A set by name that this CPU executes. Fails: kInvalidArgument, naming the setting that the name was given for.
Result<Isa> parse_isa(const std::string& name, const std::string& setting);

/// The set to use: LITEQAT_ISA if given, else the best supported one. Fails: kInvalidArgument, naming the variable.
Result<Isa> select_isa();

/// Feature names for run.json, e.g. "avx2 fma avx512f avx512vnni".
std::string cpu_flags();
/// The CPU's model name as the system reports it.
std::string cpu_model();

}  // namespace liteqat
