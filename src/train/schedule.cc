#include <algorithm>
#include <cmath>
#include <numbers>

#include "train/optimizer.h"

namespace liteqat::train {
namespace {

double cosine_factor(const ScheduleOptions& options, int64_t step) {
  const int64_t length = std::max<int64_t>(1, options.total_steps - options.warmup_steps);
  const double progress = std::clamp(static_cast<double>(step - options.warmup_steps) / static_cast<double>(length), 0.0, 1.0);
  const double fraction = options.final_fraction;
  return fraction + (1.0 - fraction) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

double step_factor(const ScheduleOptions& options, int64_t step) {
  const auto passed = std::count_if(options.boundary_steps.begin(), options.boundary_steps.end(), [&](int64_t at) { return step >= at; });
  return std::pow(static_cast<double>(options.step_factor), static_cast<double>(passed));
}

}  // namespace

float schedule_factor(const ScheduleOptions& options, int64_t step) {
  if (step < options.warmup_steps) return static_cast<float>(static_cast<double>(step) / static_cast<double>(options.warmup_steps));
  switch (options.kind) {
    case ScheduleKind::kConstant:
      return 1.0f;
    case ScheduleKind::kStep:
      return static_cast<float>(step_factor(options, step));
    case ScheduleKind::kCosine:
      return static_cast<float>(cosine_factor(options, step));
  }
  return 1.0f;
}

}  // namespace liteqat::train
