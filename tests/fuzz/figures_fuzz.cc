// Fuzz target: any bytes through the figure parser and explain. A crash, a sanitizer report or a broken promise of the headers is a bug.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "audit/explain/explain.h"
#include "audit/figures/figures.h"
#include "results/explain_record.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_figures(const liteqat::audit::FigureText& text) {
  std::set<std::string> labels;
  for (const auto& figure : text.figures) {
    require(figure.scale >= 0 && figure.scale <= 18);
    require(figure.line >= 1 && figure.line <= text.lines);
    require(figure.value == figure.value);
    require(figure.split == "test" || figure.split == "train" || figure.split == "validation");
    require(labels.insert(figure.label).second);
  }
  for (const auto& size : text.sizes) require(size.count >= 2 && size.count <= 1'000'000'000);
}

void check_explanation(const liteqat::results::Explanation& explanation) {
  for (const auto& hypothesis : explanation.hypotheses) require(hypothesis.weight >= 0 && hypothesis.weight <= 1 + 1e-9);
  for (const auto& figure : explanation.figures) {
    for (const auto& [split, numerators] : figure.numerators) {
      if (numerators) require(0 <= numerators->low && numerators->low <= numerators->high && numerators->high <= numerators->total);
    }
  }
  require(!liteqat::results::explanation_to_json(explanation).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_figures(liteqat::audit::read_figures(text));
  if (size % 16 != 0) return 0;  // weighing costs a hundred times as much as reading: most inputs go to the parser alone
  liteqat::audit::StatedFacts facts;
  if (size > 0 && data[0] % 2 == 0) facts.dataset = "cifar10";
  const auto explanation = liteqat::audit::explain_text(text, facts, "fuzz");
  if (explanation.ok()) check_explanation(*explanation);
  return 0;
}
