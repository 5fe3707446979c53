#include "pipeline/preprocessing.h"

#include <cmath>

namespace liteqat::pipeline {

Result<std::optional<data::Normalization>> parse_preprocessing(const PreprocessingRequest& request) {
  if (request.pixels.empty() && request.mean.empty()) return std::optional<data::Normalization>();
  if (!request.pixels.empty() && !request.mean.empty())
    return error(Code::kInvalidArgument, "--pixels and --mean/--std exclude each other");
  data::Normalization normalization;
  if (request.pixels == "0..1") {
    normalization = {{0.0f}, {255.0f}};
  } else if (request.pixels == "-1..1") {
    normalization = {{127.5f}, {127.5f}};
  } else if (request.pixels.empty()) {
    if (request.mean.size() != request.std.size()) {
      return error(Code::kInvalidArgument, "--mean has {} values and --std {}: as many are expected", request.mean.size(),
                   request.std.size());
    }
    for (double value : request.std) {
      if (!std::isfinite(value) || value <= 0) return error(Code::kInvalidArgument, "--std {}: must be above 0", value);
    }
    normalization.mean.assign(request.mean.begin(), request.mean.end());
    normalization.std.assign(request.std.begin(), request.std.end());
  }
  return std::optional<data::Normalization>(normalization);
}

Result<data::Normalization> choose_normalization(const PreprocessingRequest& request, const graph::Graph& model, const std::string& path,
                                                 int32_t channels, Progress& progress) {
  LITEQAT_ASSIGN_OR_RETURN(const auto requested, parse_preprocessing(request));
  data::Normalization normalization;
  if (requested) {
    normalization = *requested;
  } else if (model.info.normalization) {
    normalization = {model.info.normalization->mean, model.info.normalization->std};
  } else {
    progress.note(format("{}: carries no preprocessing contract, raw 0..255 RGB is fed (see --pixels)", path));
  }
  const Status fits = data::validate_normalization(normalization, channels);
  if (!fits.ok()) return fits.with_context(path);
  return normalization;
}

}  // namespace liteqat::pipeline
