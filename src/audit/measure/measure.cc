#include "audit/measure/measure.h"

#include <algorithm>
#include <cmath>

#include "audit/measure/layers.h"
#include "audit/measure/twin.h"
#include "audit/measure/variants.h"
#include "audit/measure/weights.h"
#include "eval/evaluate.h"

namespace liteqat::audit {
namespace {

constexpr int64_t kConventionImages = 1000, kLayerImages = 64, kTwinImages = 2000;

Result<Answers> answer(const AuditedModel& subject, const graph::Graph& graph, const data::Split& split,
                       const data::Normalization& normalization, runtime::Profile profile, const Machine& machine) {
  auto predictions = eval::run_model(graph, split, normalization, {.profile = profile, .isa = machine.isa}, machine.pool, machine.progress);
  if (!predictions.ok()) return predictions.status().with_context(subject.name);
  return make_answers(subject.name, std::move(predictions->scores), predictions->classes);
}

/// What the codes of an integer input span in real numbers, where it is one of the usual conventions.
std::optional<data::Normalization> span_of_codes(const graph::Tensor& input, std::string& words) {
  if (input.quantization.scale.size() != 1 || (input.type != graph::DType::kInt8 && input.type != graph::DType::kUInt8))
    return std::nullopt;
  const double scale = input.quantization.scale[0];
  const double low =
      scale * (static_cast<double>(input.type == graph::DType::kInt8 ? -128 : 0) - static_cast<double>(input.quantization.zero_point[0]));
  const double high = low + 255 * scale;
  const struct {
    double low, high;
    data::Normalization normalization;
    const char* words;
  } known[] = {{0, 255, {{0.0f}, {1.0f}}, "0..255"}, {0, 1, {{0.0f}, {255.0f}}, "0..1"}, {-1, 1, {{127.5f}, {127.5f}}, "-1..1"}};
  for (const auto& one : known) {
    // Ranges learnt in training end near the convention's, not at it.
    if (std::fabs(low - one.low) > 0.02 * (one.high - one.low) || std::fabs(high - one.high) > 0.02 * (one.high - one.low)) continue;
    words = std::string("pixels in ") + one.words + " (the span of its input codes)";
    return one.normalization;
  }
  return std::nullopt;
}

Status choose_best(const data::Dataset& dataset, const Machine& machine, AuditedModel& subject) {
  const data::Split few = data::take_first(dataset.test, kConventionImages);
  const struct {
    data::Normalization normalization;
    const char* words;
  } known[] = {{{{0.0f}, {1.0f}}, "0..255"}, {{{0.0f}, {255.0f}}, "0..1"}, {{{127.5f}, {127.5f}}, "-1..1"}};
  int64_t best = -1;
  for (const auto& one : known) {
    LITEQAT_ASSIGN_OR_RETURN(const Answers answers,
                             answer(subject, *subject.graph, few, one.normalization, known_profiles().front(), machine));
    const int64_t correct = count_correct(answers, few.labels);
    if (correct <= best) continue;
    best = correct;
    subject.normalization = one.normalization;
    subject.convention = std::string("pixels in ") + one.words + " (the best of three on test images; the model says nothing)";
  }
  return {};
}

void measure_variants(const data::Dataset& dataset, const Machine& machine, AuditedModel& subject) {
  for (size_t index = 0; index < count_feed_variants(); ++index) {
    const auto variant = make_feed_variant(index, *subject.graph, dataset.test, subject.normalization);
    if (!variant) continue;
    auto answers = answer(subject, *subject.graph, variant->split, variant->normalization, known_profiles().front(), machine);
    if (!answers.ok()) continue;
    subject.variants.push_back({variant->check, variant->description, std::move(answers->classed)});
  }
}

}  // namespace

std::vector<runtime::Profile> known_profiles() {
  std::vector<runtime::Profile> profiles;
  for (const char* name : {"litert-reference", "xnnpack", "tflite-reference"}) {
    const auto profile = runtime::parse_profile(name);
    if (profile.ok()) profiles.push_back(*profile);
  }
  return profiles;
}

Status choose_convention(const std::optional<data::Normalization>& requested, const data::Dataset& dataset, const Machine& machine,
                         AuditedModel& subject) {
  const graph::Graph& graph = *subject.graph;
  const graph::Tensor& input = graph.tensor(graph.inputs[0]);
  if (graph.info.normalization) {
    subject.normalization = {graph.info.normalization->mean, graph.info.normalization->std};
    subject.convention = "its metadata says";
  } else if (const auto span = span_of_codes(input, subject.convention)) {
    subject.normalization = *span;
  } else if (requested) {
    subject.normalization = *requested;
    subject.convention = "the command line says";
  } else {
    LITEQAT_RETURN_IF_ERROR(choose_best(dataset, machine, subject));
  }
  const Status fits = data::validate_normalization(subject.normalization, dataset.test.channels);
  return fits.ok() ? fits : fits.with_context(subject.name);
}

Status measure_subject(const data::Dataset& dataset, const Machine& machine, AuditedModel& subject) {
  const std::vector<runtime::Profile> profiles = known_profiles();
  for (const data::Split* split : {&dataset.test, &dataset.train}) {
    for (const runtime::Profile profile : profiles) {
      if (profile != profiles.front() && subject.kind != Kind::kInteger) continue;
      // Who compares with training images runs a current LiteRT: the two arithmetics it has.
      if (split == &dataset.train && profile == runtime::Profile::kTfliteReference) continue;
      auto answers = answer(subject, *subject.graph, *split, subject.normalization, profile, machine);
      if (!answers.ok() && profile == profiles.front()) return answers.status();
      if (!answers.ok()) continue;  // a profile may lack an operator that the default has
      subject.measured.push_back({runtime::profile_name(profile), split->name, *std::move(answers)});
    }
  }
  measure_variants(dataset, machine, subject);
  return {};
}

namespace {

/// Layers and answers of the model beside those of `twin`, a graph with the same operators.
std::optional<LayerStudy> study_beside(const graph::Graph& twin, const std::string& name, bool own_weights, const data::Dataset& dataset,
                                       const Machine& machine, const AuditedModel& subject) {
  LayerStudy study;
  study.own_weights = own_weights, study.twin = name;
  const LayerImages images = {dataset.test, subject.normalization, kLayerImages, own_weights};
  auto layers = compare_layers(*subject.graph, twin, images, machine.isa);
  if (!layers.ok()) return std::nullopt;
  study.layers = *std::move(layers);
  study.images = std::min(kLayerImages, dataset.test.count);
  const data::Split few = data::take_first(dataset.test, kTwinImages);
  auto answers = answer(subject, twin, few, subject.normalization, known_profiles().front(), machine);
  if (answers.ok()) study.twin_classed = std::move(answers->classed);
  return study;
}

/// Whether the twin is right on at least two points more of the images it was run on.
bool twin_is_better(const LayerStudy& study, const std::vector<int32_t>& labels, const AuditedModel& subject) {
  const Measured* own = subject.find("test");
  if (own == nullptr || own->answers.classed.size() < study.twin_classed.size() || labels.size() < study.twin_classed.size()) return false;
  int64_t more = 0;
  for (size_t i = 0; i < study.twin_classed.size(); ++i)
    more += (study.twin_classed[i] == labels[i]) - (own->answers.classed[i] == labels[i]);
  return 50 * more >= static_cast<int64_t>(study.twin_classed.size());
}

}  // namespace

void study_layers(const data::Dataset& dataset, const AuditedModel* twin, const Machine& machine, AuditedModel& subject) {
  if (subject.kind != Kind::kInteger || subject.graph == nullptr) return;
  const bool given = twin != nullptr && same_operators(*subject.graph, *twin->graph);
  if (given) subject.study = study_beside(*twin->graph, twin->name, false, dataset, machine, subject);
  if (subject.study && (same_training(*subject.study) || twin_is_better(*subject.study, dataset.test.labels, subject))) return;
  const auto own = make_float_twin(*subject.graph);
  if (!own.ok()) return;
  auto study = study_beside(*own, "its own weights in float", true, dataset, machine, subject);
  if (study && given) study->other_weights = twin->name;
  if (study) subject.study = std::move(study);
}

}  // namespace liteqat::audit
