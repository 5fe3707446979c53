#include "pipeline/inspect_diff.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "numeric/float16.h"
#include "pipeline/model_file.h"
#include "quant/dequantize.h"

namespace liteqat::pipeline {

using graph::DType;
using graph::Graph;
using graph::Op;
using graph::Tensor;

namespace {

std::string scales_text(const graph::Quantization& q) {
  if (q.empty()) return "none";
  if (q.scale.size() == 1) return format("{}, zero point {}", q.scale[0], q.zero_point[0]);
  const auto [low, high] = std::ranges::minmax(q.scale);
  return format("{} along axis {}, {} to {}", q.scale.size(), q.axis, low, high);
}

double value_at(const Tensor& tensor, size_t index) {
  if (tensor.type == DType::kFloat32) return tensor.as<float>()[index];
  if (tensor.type == DType::kFloat16) return numeric::widen_float16(tensor.as<uint16_t>()[index]);
  if (tensor.type == DType::kBool) return static_cast<double>(tensor.data[index]);
  return static_cast<double>(quant::code_at(tensor, index));
}

/// "12 of 432 differ, by 1 at most".
std::string changes_text(const Tensor& a, const Tensor& b) {
  const auto count = static_cast<size_t>(graph::elem_count(a.shape));
  size_t changed = 0;
  double largest = 0;
  for (size_t i = 0; i < count; ++i) {
    const double difference = std::abs(value_at(a, i) - value_at(b, i));
    changed += difference != 0;
    largest = std::max(largest, difference);
  }
  return format("{} of {} differ, by {} at most", changed, count, largest);
}

class Differ {
 public:
  Differ(const Graph& a, const Graph& b, results::ModelComparison& out) : a_(a), b_(b), out_(out) {}

  void run() {
    const size_t common = std::min(a_.ops.size(), b_.ops.size());
    for (size_t index = 0; index < common; ++index) {
      const Op &first = a_.ops[index], &second = b_.ops[index];
      op_ = static_cast<int32_t>(index);
      where_ = format("{} {}", op_kind_name(first.kind), first.name);
      note("operator", op_kind_name(first.kind), op_kind_name(second.kind));
      if (first.kind != second.kind) return;
      compare_lists("input", first.inputs, second.inputs);
      compare_lists("output", first.outputs, second.outputs);
      ++out_.operators;
    }
    op_ = -1, where_ = "model";
    note("operators", format("{}", a_.ops.size()), format("{}", b_.ops.size()));
  }

 private:
  void note(const std::string& what, const std::string& a, const std::string& b) {
    if (a != b) out_.differences.push_back({op_, where_, what, a, b});
  }

  void compare_lists(const std::string& side, const std::vector<graph::TensorId>& first, const std::vector<graph::TensorId>& second) {
    note(side + "s", format("{}", first.size()), format("{}", second.size()));
    for (size_t k = 0; k < std::min(first.size(), second.size()); ++k) {
      const bool absent = first[k] == graph::kNoTensor, also = second[k] == graph::kNoTensor;
      if (absent != also) note(format("{} {}", side, k), absent ? "omitted" : "given", also ? "omitted" : "given");
      if (!absent && !also) compare(format("{} {}", side, k), a_.tensor(first[k]), b_.tensor(second[k]));
    }
  }

  void compare(const std::string& which, const Tensor& a, const Tensor& b) {
    note(which + " type", graph::dtype_name(a.type), graph::dtype_name(b.type));
    note(which + " shape", graph::shape_text(a.shape), graph::shape_text(b.shape));
    if (!(a.quantization == b.quantization)) {
      out_.differences.push_back({op_, where_, which + " scale", scales_text(a.quantization), scales_text(b.quantization)});
    }
    note(which + " is", a.constant() ? "constant" : "computed", b.constant() ? "constant" : "computed");
    const bool comparable = a.constant() && b.constant() && a.type == b.type && a.shape == b.shape;
    if (comparable && a.data != b.data) out_.differences.push_back({op_, where_, which + " values", changes_text(a, b), ""});
  }

  const Graph &a_, &b_;
  results::ModelComparison& out_;
  int32_t op_ = -1;
  std::string where_;
};

}  // namespace

Result<results::ModelComparison> diff_models(const std::string& a, const std::string& b) {
  LITEQAT_ASSIGN_OR_RETURN(const AnyModel first, read_any_model(a));
  LITEQAT_ASSIGN_OR_RETURN(const AnyModel second, read_any_model(b));
  results::ModelComparison comparison = {.a = a, .b = b, .operators = 0, .differences = {}};
  if (first.file_bytes != second.file_bytes) {
    comparison.differences.push_back({-1, "file", "size", format_bytes(first.file_bytes), format_bytes(second.file_bytes)});
  }
  Differ(first.model.graph, second.model.graph, comparison).run();
  return comparison;
}

}  // namespace liteqat::pipeline
