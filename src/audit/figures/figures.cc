#include "audit/figures/figures.h"

namespace liteqat::audit {

const char* form_name(Form form) {
  switch (form) {
    case Form::kDecimal:
      return "decimal";
    case Form::kPercent:
      return "percent";
    case Form::kPerMille:
      return "per_mille";
    case Form::kRatio:
      return "ratio";
    case Form::kFloat32:
      return "float32";
    case Form::kDouble:
      return "double";
  }
  return "unknown";
}

}  // namespace liteqat::audit
