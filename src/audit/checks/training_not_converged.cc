#include <cmath>

#include "audit/checks/all.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

/// y(t) = a + b r^t by least squares over a grid of r.
struct Fit {
  double limit = 0, at_double = 0;
};

std::optional<Fit> fit_exponential(const std::vector<double>& y) {
  if (y.size() < 4) return std::nullopt;
  const auto n = static_cast<double>(y.size());
  double best_error = HUGE_VAL;
  Fit best;
  for (double r = 0.05; r < 0.985; r += 0.01) {
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (size_t t = 0; t < y.size(); ++t) {
      const double x = std::pow(r, static_cast<double>(t));
      sx += x, sy += y[t], sxx += x * x, sxy += x * y[t];
    }
    const double determinant = n * sxx - sx * sx;
    if (determinant < 1e-12) continue;
    const double b = (n * sxy - sx * sy) / determinant, a = (sy - b * sx) / n;
    double squares = 0;
    for (size_t t = 0; t < y.size(); ++t) {
      const double residual = y[t] - a - b * std::pow(r, static_cast<double>(t));
      squares += residual * residual;
    }
    if (squares < best_error) best_error = squares, best = {a, a + b * std::pow(r, 2 * n - 1)};
  }
  return best;
}

struct Series {
  std::vector<double> accuracy;
  double last_images = 0;
  bool validation = false;
};

Series series_of(const results::Curve& curve) {
  Series series;
  for (const results::EpochPoint& point : curve.points) series.validation = series.validation || point.validation_total > 0;
  for (const results::EpochPoint& point : curve.points) {
    const int64_t total = series.validation ? point.validation_total : point.train_total;
    const int64_t correct = series.validation ? point.validation_correct : point.train_correct;
    if (total == 0) continue;
    series.accuracy.push_back(static_cast<double>(correct) / static_cast<double>(total));
    series.last_images = static_cast<double>(total);
  }
  return series;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  if (!evidence.run) return;
  for (const results::Curve& curve : evidence.run->curves) {
    const Series series = series_of(curve);
    if (series.accuracy.size() < 2) continue;
    const double last = series.accuracy.back(), before = series.accuracy[series.accuracy.size() - 2];
    const double error = std::sqrt(std::max(last * (1 - last), 1 / series.last_images) / series.last_images);
    const auto fit = fit_exponential(series.accuracy);
    const double ahead = fit ? fit->at_double - last : last - before;
    const bool rising = ahead > 3 * error && ahead > 0.005;
    results::Finding finding =
        make_finding(check, rising ? results::Verdict::kDoubt : results::Verdict::kClear, curve.stage,
                     fit ? format("{} epochs; as many again would move the {} accuracy from {:.4f} to about {:.4f}.",
                                  series.accuracy.size(), series.validation ? "validation" : "training", last, fit->at_double)
                         : format("{} epochs, too few for a fit; the last one moved the {} accuracy from {:.4f} to {:.4f}.",
                                  series.accuracy.size(), series.validation ? "validation" : "training", before, last));
    if (rising) finding.advice = "Train longer before comparing models: whatever trains longer still gains.";
    finding.evidence = {{"ahead", ahead}, {"standard_error", error}};
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kTrainingNotConverged = {
    .id = "training.not_converged",
    .question = "Was the model still improving when training ended?",
    .needs = "a run directory with at least two epochs of a stage",
    .statistic = "a + b r^t fitted to the accuracy of the epochs (validation where there is one), extrapolated to twice the epochs",
    .threshold = "more than 3 standard errors and half a point ahead is a doubt; never a problem",
    .error_rate = "about 1e-3 for a flat curve",
    .run = run,
};

}  // namespace liteqat::audit
