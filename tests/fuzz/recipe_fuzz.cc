// Fuzz target: any text as a recipe. What is accepted prints as a recipe that is accepted and means the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "pipeline/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace pipeline = liteqat::pipeline;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const pipeline::RecipeOverrides none{.settings = {}, .use_environment = false};
  const auto recipe = pipeline::parse_recipe(text, "fuzz.toml", none);
  if (!recipe.ok()) return 0;
  const auto again = pipeline::parse_recipe(pipeline::print_recipe(*recipe), "printed.toml", none);
  if (!again.ok() || pipeline::hash_recipe(*again) != pipeline::hash_recipe(*recipe)) std::abort();
  return 0;
}
