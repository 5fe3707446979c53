#include "pipeline/audit.h"

#include <algorithm>
#include <filesystem>

#include "audit/audit.h"
#include "audit/checks/check.h"
#include "audit/explain/explain.h"
#include "audit/measure/copies.h"
#include "audit/measure/measure.h"
#include "audit/measure/twin.h"
#include "base/file.h"
#include "pipeline/audit_pool.h"
#include "pipeline/audit_sources.h"
#include "pipeline/isolate.h"
#include "pipeline/training_mode.h"
#include "report/audit.h"
#include "stats/intervals.h"

namespace liteqat::pipeline {
namespace {

using audit::AuditedModel;
using audit::Evidence;
using audit::Kind;

Kind kind_of_name(const std::string& name) {
  const auto has = [&](const char* word) { return name.find(word) != std::string::npos; };
  if (has("int8") || has("quant") || has("tflite") || has("ptq")) return Kind::kInteger;
  return has("float") || has("fp32") ? Kind::kFloat : Kind::kUnknown;
}

/// The model that a prediction file is named after: its stem, or the end of one model's stem alone ("float" of "case_study_float").
AuditedModel* find_named(const std::string& name, std::vector<AuditedModel>& subjects) {
  AuditedModel* found = nullptr;
  for (AuditedModel& subject : subjects) {
    if (subject.name == name) return &subject;
  }
  for (AuditedModel& subject : subjects) {
    if (subject.graph == nullptr || !subject.name.ends_with("_" + name)) continue;
    if (found != nullptr) return nullptr;
    found = &subject;
  }
  return found;
}

/// A prediction file that is named after a model is that model's; any other one is a subject of its own.
void add_predictions(const std::vector<audit::Answers>& files, std::vector<AuditedModel>& subjects, std::vector<std::string>& notes) {
  for (const audit::Answers& answers : files) {
    AuditedModel* subject = find_named(answers.name, subjects);
    if (subject != nullptr && subject->name != answers.name) {
      notes.push_back(format("{}: taken as answers of {}, whose name ends so.", answers.name, subject->name));
    } else if (subject == nullptr) {
      AuditedModel added;
      added.name = answers.name, added.kind = kind_of_name(answers.name);
      subject = &subjects.emplace_back(std::move(added));
    }
    subject->measured.push_back({"file", "test", answers});
  }
}

/// Labels from --labels, else the data set's, else the run's; every answer must fit them.
Status add_labels(const AuditMaterial& material, Evidence& evidence) {
  if (material.dataset) {
    evidence.classes = material.dataset->classes();
    evidence.train_labels = material.dataset->train.labels;
    evidence.labels = material.dataset->test.labels;
  } else {
    evidence.labels = material.labels;
  }
  if (material.given_labels) {
    if (material.dataset) evidence.data_labels = std::move(evidence.labels);
    evidence.labels = *material.given_labels;
  }
  for (const AuditedModel& subject : evidence.subjects) {
    for (const audit::Measured& measured : subject.measured) {
      evidence.classes = std::max(evidence.classes, measured.answers.classes);
      if (measured.split == "test" && !evidence.labels.empty())
        LITEQAT_RETURN_IF_ERROR(audit::check_labels(measured.answers, evidence.labels));
    }
  }
  for (const int32_t label : evidence.labels) evidence.classes = std::max(evidence.classes, label + 1);
  return {};
}

results::Metric make_metric(const AuditedModel& subject, const audit::Measured& measured, const std::vector<int32_t>& labels) {
  results::Metric metric;
  metric.id = subject.name + "." + measured.split;
  metric.model = subject.name, metric.arithmetic = measured.profile, metric.split = measured.split;
  metric.correct = audit::count_correct(measured.answers, labels), metric.total = measured.answers.count();
  metric.ties = measured.answers.ties;
  metric.value = static_cast<double>(metric.correct) / static_cast<double>(metric.total);
  const stats::Bounds bounds = stats::wilson_interval(metric.correct, metric.total, 0.95);
  metric.interval = {.method = "wilson", .level = 0.95, .low = bounds.low, .high = bounds.high};
  return metric;
}

void add_metrics(const Evidence& evidence, const eval::ImageGroups& groups, results::Audit& record) {
  for (const AuditedModel& subject : evidence.subjects) {
    for (const audit::Measured& measured : subject.measured) {
      const std::vector<int32_t>& labels = measured.split == "test" ? evidence.labels : evidence.train_labels;
      if (measured.answers.classed.size() == labels.size() && !labels.empty()) {
        record.metrics.push_back(make_metric(subject, measured, labels));
        if (measured.split == "test" && !groups.directories.empty())
          eval::describe_groups(measured.answers.classed, labels, groups, record.metrics.back());
      }
    }
  }
}

/// Claimed figures as claims, and what explain makes of them.
Status add_claims(const AuditInputs& inputs, Evidence& evidence, results::Audit& record) {
  if (inputs.claimed.empty()) return {};
  audit::StatedFacts facts;
  if (!evidence.labels.empty()) facts.test = evidence.total();
  if (evidence.data) facts.train = evidence.data->train;
  if (evidence.classes > 1) facts.classes = evidence.classes;
  LITEQAT_ASSIGN_OR_RETURN(const results::Explanation explanation, audit::explain_text(inputs.claimed, facts, "--claimed"));
  record.figures = explanation.figures, record.hypotheses = explanation.hypotheses;
  record.notes.insert(record.notes.end(), explanation.notes.begin(), explanation.notes.end());
  evidence.claims = audit::assign_claims(audit::read_figures(inputs.claimed).figures, evidence.subjects);
  for (const audit::Claim& claim : evidence.claims) {
    if (!claim.subject)
      record.notes.push_back(format(
          "{}: belongs to no single model here; name the model in its label, or give its answers with --predictions.", claim.figure.label));
  }
  return {};
}

/// The float model an integer one is compared with: its own float form, else the only float model that runs.
const AuditedModel* find_twin(const AuditMaterial& material, const AuditedModel& subject, const std::vector<AuditedModel>& subjects) {
  const auto own = material.twins.find(subject.name);
  if (own != material.twins.end()) return &own->second;
  const AuditedModel* only = nullptr;
  for (const AuditedModel& other : subjects) {
    if (other.kind != Kind::kFloat || other.graph == nullptr) continue;
    if (only != nullptr) return nullptr;
    only = &other;
  }
  return only;
}

/// The float network of a run in training mode: by the batches it was trained with, and where figures or answers ask for an explanation by
/// those that other loops have.
Status measure_training_mode(const AuditInputs& inputs, const AuditMaterial& material, const audit::Machine& machine, Evidence& evidence) {
  constexpr int64_t kKerasDefault = 32;  // of fit() and evaluate()
  const auto facts = std::find_if(evidence.training.begin(), evidence.training.end(),
                                  [](const audit::TrainingFacts& one) { return one.stage == "float"; });
  if (!material.batch_normed || facts == evidence.training.end()) return {};
  std::vector<int64_t> batches = {material.batch_sizes[0]};
  if (!inputs.claimed.empty() || !inputs.predictions.empty()) batches = {material.batch_sizes[0], material.batch_sizes[1], kKerasDefault};
  for (const int64_t batch : batches) {
    const auto same = [&](const audit::TrainingMode& made) { return made.batch == batch; };
    if (batch < 2 || std::any_of(facts->training_mode.begin(), facts->training_mode.end(), same)) continue;
    LITEQAT_ASSIGN_OR_RETURN(eval::Predictions predictions,
                             predict_in_training_mode(*material.batch_normed, material.dataset->test, material.normalization,
                                                      static_cast<int32_t>(batch), machine.pool, machine.progress));
    facts->training_mode.push_back({static_cast<int32_t>(batch), std::move(predictions.classed)});
  }
  return {};
}

Status measure(const AuditInputs& inputs, const AuditMaterial& material, const audit::Machine& machine, Evidence& evidence) {
  LITEQAT_ASSIGN_OR_RETURN(const auto requested, parse_preprocessing(inputs.preprocessing));
  for (const auto& [name, graph] : material.models) {
    AuditedModel subject;
    subject.name = name, subject.graph = &graph;
    subject.kind = audit::is_integer_graph(graph) ? Kind::kInteger : Kind::kFloat;
    if (material.dataset) {
      LITEQAT_RETURN_IF_ERROR(audit::choose_convention(requested, *material.dataset, machine, subject));
      const auto kept = material.kept.find(name);
      if (kept != material.kept.end()) {
        subject.measured.push_back({runtime::profile_name(audit::known_profiles().front()), "test", kept->second});
      } else {
        LITEQAT_RETURN_IF_ERROR(audit::measure_subject(*material.dataset, machine, subject));
      }
    }
    evidence.subjects.push_back(std::move(subject));
  }
  for (const audit::AuditedModel& subject : material.answered) evidence.subjects.push_back(subject);
  if (!material.dataset) return {};
  for (AuditedModel& subject : evidence.subjects) {
    audit::study_layers(*material.dataset, find_twin(material, subject, evidence.subjects), machine, subject);
  }
  if (inputs.quick) return {};
  evidence.data = audit::study_data(*material.dataset, machine.pool);
  return measure_training_mode(inputs, material, machine, evidence);
}

/// Writes the operator that the strongest layer finding names.
Status isolate(const AuditInputs& inputs, const AuditMaterial& material, const Evidence& evidence, Isa isa, results::Audit& record) {
  constexpr int64_t kImages = 16;
  const auto finding = std::find_if(record.findings.begin(), record.findings.end(), [](const results::Finding& one) {
    return one.check == "quant.layer_sqnr" && one.words.contains("operator");
  });
  if (finding == record.findings.end()) {
    return error(Code::kInvalidArgument, "--isolate: no layer was compared with a float twin; give an integer .tflite model and --data");
  }
  const auto subject = std::find_if(evidence.subjects.begin(), evidence.subjects.end(),
                                    [&](const AuditedModel& one) { return one.name == finding->subject; });
  const audit::LayerStudy& study = *subject->study;
  const auto layer = std::find_if(study.layers.begin(), study.layers.end(), [&](const audit::LayerNoise& one) {
    return one.op == finding->words.at("operator") && one.tensor == finding->words.at("tensor");
  });
  graph::Graph own;
  const graph::Graph* twin = &own;
  if (study.own_weights) {
    LITEQAT_ASSIGN_OR_RETURN(own, audit::make_float_twin(*subject->graph));
  } else {
    twin = find_twin(material, *subject, evidence.subjects)->graph;
  }
  LITEQAT_ASSIGN_OR_RETURN(
      const audit::IsolatedOp isolated,
      audit::isolate_operator(*subject->graph, *twin, layer->op_index, material.dataset->test, subject->normalization, kImages, isa));
  record.notes.push_back(format("{}: {} written alone to {}, with its inputs and outputs on {} images.", subject->name, layer->op,
                                inputs.isolate, isolated.images));
  return write_isolated(isolated, inputs.isolate);
}

}  // namespace

Result<results::Audit> audit_sources(const AuditInputs& inputs, Isa isa, ThreadPool& pool, Progress& progress) {
  LITEQAT_ASSIGN_OR_RETURN(const AuditMaterial material, read_audit_material(inputs, pool));
  results::Audit record;
  record.notes = material.pool.notes;
  Evidence evidence;
  evidence.run = material.run, evidence.training = material.training;
  LITEQAT_RETURN_IF_ERROR(measure(inputs, material, {isa, pool, progress}, evidence));
  add_predictions(material.predictions, evidence.subjects, record.notes);
  LITEQAT_RETURN_IF_ERROR(add_labels(material, evidence));
  LITEQAT_RETURN_IF_ERROR(add_claims(inputs, evidence, record));
  drop_directory_claims(material.pool.groups, evidence, record.notes);
  for (const AuditedModel& subject : evidence.subjects) {
    if (!subject.convention.empty()) record.notes.push_back(format("{}: fed as {}.", subject.name, subject.convention));
  }
  add_metrics(evidence, material.pool.groups, record);
  record.findings = audit::run_checks(evidence);
  record.attribution = audit::attribute_gap(evidence, record.findings);
  if (!inputs.isolate.empty()) LITEQAT_RETURN_IF_ERROR(isolate(inputs, material, evidence, isa, record));
  for (const audit::Check* check : audit::all_checks()) record.checks.push_back({check->id, check->question});
  return record;
}

std::string audit_text(const results::Audit& audit, bool color, bool all) {
  return report::render_audit(audit, color, all);
}

std::string audit_markdown(const results::Audit& audit) {
  return report::audit_to_markdown(audit);
}

}  // namespace liteqat::pipeline
