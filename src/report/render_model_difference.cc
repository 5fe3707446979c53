#include "base/format.h"
#include "report/report.h"

namespace liteqat::report {

std::string render_model_difference(const results::ModelComparison& comparison) {
  std::string text = format("{} (-) and {} (+): {} operators compared, {}\n", comparison.a, comparison.b, comparison.operators,
                            comparison.differences.empty() ? "no difference" : format("{} differences", comparison.differences.size()));
  for (const results::ModelDifference& difference : comparison.differences) {
    text += difference.op < 0 ? difference.where : format("{:>4}  {}", difference.op, difference.where);
    text += format(", {}: {}", difference.what, difference.a);
    if (!difference.b.empty()) text += format("  ->  {}", difference.b);
    text += "\n";
  }
  return text;
}

}  // namespace liteqat::report
