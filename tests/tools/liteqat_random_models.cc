// Writes random small models of one family as .tflite with random inputs and what our runtime gives, for the test against LiteRT: the bytes
// of the reference kernels, after those of every instruction set, on one thread and on two, were found to be the same, and no invoke
// allocated anything: what runs on a thread of PhasePool must not throw.
//
//   liteqat_random_models FOLDER FAMILY FIRST_SEED COUNT [PROFILE]
//       -> FOLDER/<seed>.tflite, <seed>_in<k>.npy and <seed>_out<k>.npy: the samples of every input and output on a new first axis
//   liteqat_random_models FAMILY   -> how many kinds of models the family cycles through
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/count_allocations_for_test.h"
#include "base/cpu.h"
#include "formats/npy/npy.h"
#include "formats/tflite/tflite.h"
#include "ops_elementwise_models.h"
#include "ops_weighted_models.h"
#include "random_layout_models.h"
#include "random_mixed_models.h"
#include "runtime/interpreter.h"
#include "runtime/test_graphs.h"

namespace {

using liteqat::Bytes;
using liteqat::Status;
using liteqat::graph::DType;
using liteqat::graph::Graph;
using liteqat::runtime::Interpreter;
using liteqat::runtime::Profile;
namespace npy = liteqat::formats::npy;

constexpr size_t kSamples = 6;

/// Chains of the operators of classifiers, float32 and int8.
Graph make_network(uint64_t seed) {
  const auto type = seed % 2 == 0 ? DType::kInt8 : DType::kFloat32;
  return liteqat::runtime::RandomGraph(seed, type).make(static_cast<int>(seed % 5));
}

struct Family {
  const char* name;
  uint64_t (*kinds)();  // seed % kinds says which operator and types a model has
  Graph (*make)(uint64_t seed);
};
const Family kFamilies[] = {
    {"networks", [] { return uint64_t{10}; }, make_network},
    {"layout", [] { return uint64_t{liteqat::tests::RandomLayoutModel::kinds().size()}; },
     [](uint64_t seed) { return liteqat::tests::RandomLayoutModel(seed).make(); }},
    {"elementwise", [] { return uint64_t{liteqat::testing::elementwise_kind_count()}; }, liteqat::testing::make_elementwise_model},
    {"mixed", [] { return liteqat::tests::RandomMixedModel::kKinds; },
     [](uint64_t seed) { return liteqat::tests::RandomMixedModel(seed).make(); }},
    {"weighted", [] { return liteqat::testing::WeightedModel::kKinds; }, liteqat::testing::make_weighted_model},
};

std::string npy_dtype(DType type) {
  switch (type) {
    case DType::kFloat32:
      return "<f4";
    case DType::kFloat16:
      return "<f2";
    case DType::kInt8:
      return "|i1";
    case DType::kUInt8:
      return "|u1";
    case DType::kInt16:
      return "<i2";
    case DType::kInt32:
      return "<i4";
    case DType::kInt64:
      return "<i8";
    case DType::kBool:
      return "|b1";
  }
  return "";
}

Status write_array(const std::string& path, const liteqat::graph::Tensor& tensor, Bytes samples) {
  npy::Array array = {.dtype = npy_dtype(tensor.type), .shape = {kSamples}, .data = std::move(samples)};
  array.shape.insert(array.shape.end(), tensor.shape.begin(), tensor.shape.end());
  return liteqat::write_file(path, npy::write(array));
}

Status run_sample(Interpreter& interpreter, uint64_t seed, std::vector<Bytes>& inputs, std::vector<Bytes>& outputs) {
  for (size_t k = 0; k < inputs.size(); ++k) {
    const Bytes input = liteqat::runtime::random_input(interpreter.input_tensor(k), seed * 64 + k);
    std::copy(input.begin(), input.end(), interpreter.input(k).begin());
    inputs[k].insert(inputs[k].end(), input.begin(), input.end());
  }
  const int64_t before = liteqat::allocation_count();
  interpreter.invoke();
  const int64_t allocated = liteqat::allocation_count() - before;
  if (allocated != 0) return liteqat::error(liteqat::Code::kInternal, "invoke allocates {} times", allocated);
  for (size_t k = 0; k < outputs.size(); ++k)
    outputs[k].insert(outputs[k].end(), interpreter.output(k).begin(), interpreter.output(k).end());
  return {};
}

/// Inputs and outputs of all samples, one after another.
struct Run {
  std::vector<Bytes> inputs, outputs;
};

liteqat::Result<Run> run_samples(Interpreter& interpreter, const Graph& graph, uint64_t seed) {
  Run run = {std::vector<Bytes>(graph.inputs.size()), std::vector<Bytes>(graph.outputs.size())};
  for (uint64_t sample = 0; sample < kSamples; ++sample)
    LITEQAT_RETURN_IF_ERROR(run_sample(interpreter, seed * kSamples + sample, run.inputs, run.outputs));
  return run;
}

/// The same outputs from every instruction set of this machine, and from two threads.
Status check_variants(const Graph& graph, uint64_t seed, Profile profile, const Run& expected) {
  for (const liteqat::Isa isa : liteqat::supported_isas()) {
    for (const int threads : {1, 2}) {
      if (isa == liteqat::Isa::kReference && threads == 1) continue;
      LITEQAT_ASSIGN_OR_RETURN(auto interpreter,
                               Interpreter::prepare(graph, {.profile = profile, .stored_shapes = true, .isa = isa, .threads = threads}));
      LITEQAT_ASSIGN_OR_RETURN(const Run run, run_samples(interpreter, graph, seed));
      if (run.outputs == expected.outputs) continue;
      return liteqat::error(liteqat::Code::kMismatch, "instruction set {} with {} threads gives other bytes than reference code",
                            liteqat::isa_name(isa), threads);
    }
  }
  return {};
}

Status write_model(const std::string& folder, const Family& family, uint64_t seed, Profile profile) {
  const Graph graph = family.make(seed);
  const std::string path = liteqat::format("{}/{}", folder, seed);
  LITEQAT_ASSIGN_OR_RETURN(const Bytes model, liteqat::formats::tflite::write(graph));
  LITEQAT_RETURN_IF_ERROR(liteqat::write_file(path + ".tflite", model));
  LITEQAT_ASSIGN_OR_RETURN(const Graph read, liteqat::formats::tflite::read(model, path));
  LITEQAT_ASSIGN_OR_RETURN(auto interpreter, Interpreter::prepare(read, {.profile = profile, .stored_shapes = true}));
  LITEQAT_ASSIGN_OR_RETURN(Run run, run_samples(interpreter, read, seed));
  LITEQAT_RETURN_IF_ERROR(check_variants(read, seed, profile, run));
  for (size_t k = 0; k < run.inputs.size(); ++k) {
    LITEQAT_RETURN_IF_ERROR(write_array(liteqat::format("{}_in{}.npy", path, k), interpreter.input_tensor(k), std::move(run.inputs[k])));
  }
  for (size_t k = 0; k < run.outputs.size(); ++k) {
    LITEQAT_RETURN_IF_ERROR(write_array(liteqat::format("{}_out{}.npy", path, k), interpreter.output_tensor(k), std::move(run.outputs[k])));
  }
  return {};
}

int write_models(const std::string& folder, const Family& family, uint64_t first, uint64_t count, Profile profile) {
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const Status status = write_model(folder, family, seed, profile);
    if (status.ok()) continue;
    std::fprintf(stderr, "family %s, seed %llu: %s\n", family.name, static_cast<unsigned long long>(seed), status.message().c_str());
    return 3;
  }
  return 0;
}

}  // namespace

int main(int count, char** values) {
  if (count != 2 && count != 5 && count != 6) return 2;
  const auto profile = liteqat::runtime::parse_profile(count == 6 ? values[5] : "litert-reference");
  if (!profile.ok()) return 2;
  const std::string name = values[count == 2 ? 1 : 2];
  const auto* family = std::ranges::find_if(kFamilies, [&](const Family& each) { return name == each.name; });
  if (family == std::end(kFamilies)) return 2;
  if (count == 2) return std::printf("%llu\n", static_cast<unsigned long long>(family->kinds())) < 0;
  return write_models(values[1], *family, std::strtoull(values[3], nullptr, 10), std::strtoull(values[4], nullptr, 10), *profile);
}
