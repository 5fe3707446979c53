#include "results/verdict.h"

#include <array>

namespace liteqat::results {

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kProblem:
      return "problem";
    case Verdict::kDoubt:
      return "doubt";
    case Verdict::kClear:
      return "clear";
    case Verdict::kSkipped:
      return "skipped";
  }
  return "unknown";
}

std::optional<Verdict> find_verdict(const std::string& name) {
  constexpr std::array kAll = {Verdict::kProblem, Verdict::kDoubt, Verdict::kClear, Verdict::kSkipped};
  for (const Verdict verdict : kAll) {
    if (name == verdict_name(verdict)) return verdict;
  }
  return std::nullopt;
}

}  // namespace liteqat::results
