#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "base/text.h"
#include "report/report.h"
#include "report/words.h"

namespace liteqat::report {
namespace {

std::string decibels(double value) {
  return std::isfinite(value) ? format("{:.1f} dB", value) : "exact";
}

std::string calibration_lines(const results::CalibrationRecord& calibration) {
  std::string text = format("calibrated  {}\n", calibration.rule);
  text += format("            pixels' SHA-256 {}\n", calibration.sha256);
  if (calibration.overlap) {
    text += *calibration.overlap == 0 ? "            none of them is among the evaluation images\n"
                                      : format("            {} of them are among the evaluation images\n", *calibration.overlap);
  }
  text += format("method      {}", calibration.calibrator);
  for (const std::string& method : calibration.methods) text += ", " + method;
  return text + "\n";
}

std::string accuracy_lines(const results::ConversionAccuracy& accuracy) {
  std::string text = format("accuracy    float {} of {} ({}), converted {} ({})\n", format_count(accuracy.float_correct),
                            format_count(accuracy.total), percent_of(accuracy.float_correct, accuracy.total),
                            format_count(accuracy.correct), percent_of(accuracy.correct, accuracy.total));
  text +=
      format("            difference {:+.4f} (paired 95 % interval {:+.4f} to {:+.4f}, exact McNemar p = {}); same class on {} images\n",
             accuracy.difference, accuracy.low, accuracy.high, number_text(accuracy.p), format_count(accuracy.agreement));
  return text;
}

std::string noise_lines(const std::string& title, const std::vector<results::LayerNoiseRecord>& layers) {
  std::string text = format("\n{}\n", title);
  for (const results::LayerNoiseRecord& layer : layers) {
    text += format("  {:>9}  {:<8} {:<20} {}\n", decibels(layer.sqnr_db), layer.type, layer.op, layer.name);
  }
  return text;
}

std::string trade_off_lines(const std::vector<results::TradeOffRecord>& steps) {
  std::string text = "\nmixed precision: the most sensitive layers spared, one after the other\n";
  for (const results::TradeOffRecord& step : steps) {
    text += format("  {:>3}  {:>10}  {:>9}", step.spared, format_bytes(step.bytes), decibels(step.sqnr_db));
    if (step.correct) text += format("  {} right", format_count(*step.correct));
    if (!step.layer.empty()) text += format("  + {} in {}", step.layer, step.type);
    text += "\n";
  }
  return text;
}

}  // namespace

std::string render_conversion(const results::ConversionRecord& conversion) {
  std::string text =
      format("{}: {} with {} input and output, {}\n", conversion.file, conversion.type, conversion.io, format_bytes(conversion.bytes));
  if (conversion.arena_bytes) text += format("arena       {}\n", format_bytes(*conversion.arena_bytes));
  if (conversion.calibration) text += calibration_lines(*conversion.calibration);
  if (conversion.ranges == "file") text += "ranges      from the given table, not from these images\n";
  if (conversion.accuracy) text += accuracy_lines(*conversion.accuracy);
  if (!conversion.layers.empty()) text += noise_lines("signal to quantization noise by operator", conversion.layers);
  if (!conversion.sensitivity.empty()) {
    text += noise_lines("sensitivity: the output's, with that layer alone in int8, the worst first", conversion.sensitivity);
  }
  if (!conversion.trade_off.empty()) text += trade_off_lines(conversion.trade_off);
  if (!conversion.float_layers.empty()) text += "\nnot quantized\n";
  for (const results::FloatLayerRecord& layer : conversion.float_layers) {
    text += format("  {:<20} {}: {}\n", layer.op, layer.name, layer.reason);
  }
  return text;
}

}  // namespace liteqat::report
