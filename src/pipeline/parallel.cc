#include "pipeline/parallel.h"

#include <cstring>

#include "pipeline/context.h"

namespace liteqat::pipeline {
namespace {

/// "fake_quant qat", then a zero byte and the model; empty: no training is left.
Result<Bytes> encode(const SharedTraining& training) {
  const std::string head = std::string(training.forward == train::Forward::kInteger ? "integer " : "fake_quant ") + training.stage;
  LITEQAT_ASSIGN_OR_RETURN(const Bytes model, encode_trained_model(training.model));
  Bytes bytes(head.size() + 1);
  std::memcpy(bytes.data(), head.c_str(), bytes.size());
  bytes.insert(bytes.end(), model.begin(), model.end());
  return bytes;
}

Status take_part(ranks::Ranks& ranks, const Recipe& recipe, const data::Dataset& dataset, const Bytes& received, ThreadPool& pool) {
  const std::string head = reinterpret_cast<const char*>(received.data());
  const size_t space = head.find(' ');
  const std::string stage = head.substr(space + 1);
  const Bytes bytes(received.begin() + static_cast<std::ptrdiff_t>(head.size() + 1), received.end());
  LITEQAT_ASSIGN_OR_RETURN(TrainedModel model, decode_trained_model(bytes, "the model from rank 0"));
  const TrainingRecipe& training = stage == "float" ? recipe.train : recipe.qat;
  const TrainingData data = split_training(training, dataset.train);
  train::FitOptions options = make_fit_options(recipe, training, data.train.count);
  options.forward = head.substr(0, space) == "integer" ? train::Forward::kInteger : train::Forward::kFakeQuant;
  options.ranks = &ranks;
  SilentProgress progress;
  return train::fit(model.graph, model.plan ? &*model.plan : nullptr, data.train, data.validation.count > 0 ? &data.validation : nullptr,
                    options, model.state, pool, progress, {})
      .status();
}

}  // namespace

Status compare_with_rank_0(ranks::Ranks* ranks, const std::string& what, const std::string& own) {
  if (ranks == nullptr) return {};
  Bytes bytes(own.size());
  if (!own.empty()) std::memcpy(bytes.data(), own.data(), own.size());
  ranks->broadcast(bytes);
  LITEQAT_RETURN_IF_ERROR(ranks->status());
  const std::string theirs(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (theirs == own) return {};
  return error(Code::kMismatch, "{} here is {}, on rank 0 {}; all ranks must have the same", what, own, theirs);
}

Status send_training(ranks::Ranks* ranks, const SharedTraining& training) {
  if (ranks == nullptr) return {};
  LITEQAT_ASSIGN_OR_RETURN(Bytes bytes, encode(training));
  ranks->broadcast(bytes);
  return ranks->status();
}

Status end_training(ranks::Ranks* ranks) {
  if (ranks == nullptr) return {};
  Bytes nothing;
  ranks->broadcast(nothing);
  LITEQAT_RETURN_IF_ERROR(ranks->status());
  ranks->leave();
  return {};
}

Status follow_training(ranks::Ranks& ranks, const Recipe& recipe, const data::Dataset& dataset, ThreadPool& pool) {
  while (true) {
    Bytes received;
    ranks.broadcast(received);
    LITEQAT_RETURN_IF_ERROR(ranks.status());
    if (received.empty()) break;
    LITEQAT_RETURN_IF_ERROR(take_part(ranks, recipe, dataset, received, pool));
  }
  ranks.leave();
  return {};
}

}  // namespace liteqat::pipeline
