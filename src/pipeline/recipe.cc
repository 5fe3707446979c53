#include "pipeline/recipe.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <type_traits>

#include "base/file.h"
#include "base/text.h"
#include "graph/architectures.h"
#include "hash/sha256.h"
#include "pipeline/recipe_keys.h"
#include "pipeline/toml_parse.h"
#include "quant/lower.h"
#include "quant/plan.h"

namespace liteqat::pipeline {
namespace {

const char* expected_type(const std::string&) {
  return "a string";
}
const char* expected_type(int64_t) {
  return "an integer";
}
const char* expected_type(double) {
  return "a number";
}
const char* expected_type(bool) {
  return "true or false";
}
const char* expected_type(const std::vector<double>&) {
  return "a list of numbers";
}
const char* expected_type(const std::vector<std::string>&) {
  return "a list of strings";
}

template <typename T>
bool assign(const toml::node& node, T& field) {
  if constexpr (std::is_same_v<T, double>) {
    const auto number = node.value<double>();  // integers convert
    if (!number || !node.is_number()) return false;
    field = *number;
  } else if constexpr (std::is_same_v<T, std::vector<double>> || std::is_same_v<T, std::vector<std::string>>) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return false;
    T items;
    for (const toml::node& element : *array) {
      typename T::value_type item{};
      if (!assign(element, item)) return false;
      items.push_back(std::move(item));
    }
    field = std::move(items);
  } else {
    const auto value = node.value_exact<T>();
    if (!value) return false;
    field = *value;
  }
  return true;
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  const Recipe recipe;
  visit_keys(recipe, [&keys](const std::string& key, const auto&) { keys.push_back(key); });
  return keys;
}

/// Sets one key. `where` starts the message, code tells a file's fault from the command line's.
Status set_key(Recipe& recipe, const std::string& key, const toml::node& value, const std::string& where, Code code) {
  Status status;
  bool found = false;
  visit_keys(recipe, [&](const std::string& known, auto& field) {
    if (known != key) return;
    found = true;
    if (!assign(value, field)) status = error(code, "{}: key '{}' must be {}", where, key, expected_type(field));
  });
  if (found) return status;
  const auto keys = known_keys();
  return error(code, "{}: unknown key '{}'; did you mean '{}'?", where, key, nearest_name(key, keys));
}

Status set_table(Recipe& recipe, const toml::table& table, const std::string& prefix, const std::string& path) {
  for (const auto& [name, value] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const toml::table* section = value.as_table()) {
      LITEQAT_RETURN_IF_ERROR(set_table(recipe, *section, key + ".", path));
      continue;
    }
    const std::string where = format("{}, line {}", path, value.source().begin.line);
    LITEQAT_RETURN_IF_ERROR(set_key(recipe, key, value, where, Code::kCorruptFile));
  }
  return {};
}

/// A value typed on the command line or in the environment: TOML, or a bare word taken as a string.
Status set_from_text(Recipe& recipe, const std::string& key, const std::string& text, const std::string& where) {
  const auto parsed = parse_toml("value = " + text, where);
  const toml::table table = parsed.ok() ? *parsed : toml::table{{"value", text}};
  return set_key(recipe, key, *table.get("value"), where, Code::kInvalidArgument);
}

Status set_from_environment(Recipe& recipe) {
  Status status;
  for (const std::string& key : known_keys()) {
    std::string variable = "LITEQAT_" + key;
    for (char& letter : variable) letter = letter == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    const char* value = std::getenv(variable.c_str());
    if (value != nullptr) LITEQAT_RETURN_IF_ERROR(set_from_text(recipe, key, value, "environment variable " + variable));
  }
  return status;
}

Status require(bool holds, const std::string& path, const std::string& key, const std::string& expected) {
  if (holds) return {};
  return error(Code::kOutOfRange, "{}: key '{}' must be {}", path, key, expected);
}

Status require_one_of(const std::string& value, const std::vector<std::string>& known, const std::string& path, const std::string& key) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return {};
  return error(Code::kOutOfRange, "{}: key '{}' is '{}', expected one of {}; did you mean '{}'?", path, key, value, join(known, ", "),
               nearest_name(value, known));
}

Status check_training(const TrainingRecipe& t, const std::string& section, const std::string& path) {
  const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
  const auto fraction = [](double value) { return value >= 0 && value < 1; };
  LITEQAT_RETURN_IF_ERROR(require(t.epochs >= 0 && t.epochs <= 100000, path, section + ".epochs", "between 0 and 100000"));
  LITEQAT_RETURN_IF_ERROR(require(t.batch_size >= 1 && t.batch_size <= 8192, path, section + ".batch_size", "between 1 and 8192"));
  LITEQAT_RETURN_IF_ERROR(require(t.images >= 0, path, section + ".images", "0 (all) or more"));
  LITEQAT_RETURN_IF_ERROR(require(fraction(t.validation_fraction), path, section + ".validation_fraction", "in [0, 1)"));
  LITEQAT_RETURN_IF_ERROR(require_one_of(t.optimizer, {"adam", "adamw", "sgd"}, path, section + ".optimizer"));
  LITEQAT_RETURN_IF_ERROR(require(positive(t.learning_rate), path, section + ".learning_rate", "a finite number above 0"));
  LITEQAT_RETURN_IF_ERROR(require(fraction(t.momentum), path, section + ".momentum", "in [0, 1)"));
  LITEQAT_RETURN_IF_ERROR(require(t.weight_decay >= 0 && std::isfinite(t.weight_decay), path, section + ".weight_decay", "0 or more"));
  LITEQAT_RETURN_IF_ERROR(require(t.clip_norm >= 0 && std::isfinite(t.clip_norm), path, section + ".clip_norm", "0 (none) or more"));
  LITEQAT_RETURN_IF_ERROR(require(fraction(t.ema_decay), path, section + ".ema_decay", "in [0, 1)"));
  LITEQAT_RETURN_IF_ERROR(require(fraction(t.dropout), path, section + ".dropout", "in [0, 1)"));
  LITEQAT_RETURN_IF_ERROR(require(t.cutout >= 0 && t.cutout <= 4096, path, section + ".cutout", "between 0 (none) and 4096"));
  LITEQAT_RETURN_IF_ERROR(require(fraction(t.label_smoothing), path, section + ".label_smoothing", "in [0, 1)"));
  LITEQAT_RETURN_IF_ERROR(require_one_of(t.schedule, {"constant", "step", "cosine"}, path, section + ".schedule"));
  LITEQAT_RETURN_IF_ERROR(require(t.warmup_epochs >= 0 && std::isfinite(t.warmup_epochs), path, section + ".warmup_epochs", "0 or more"));
  LITEQAT_RETURN_IF_ERROR(require(positive(t.step_factor), path, section + ".step_factor", "a finite number above 0"));
  LITEQAT_RETURN_IF_ERROR(require(t.final_fraction >= 0 && t.final_fraction <= 1, path, section + ".final_fraction", "in [0, 1]"));
  return require(t.crop_padding >= 0 && t.crop_padding <= 64, path, section + ".crop_padding", "between 0 and 64");
}

/// The forward of a recipe that names none: on integers, unless another key of [qat] needs fake quantization.
void choose_forward(Recipe& recipe) {
  if (!recipe.forward.empty()) return;
  const bool allowed = recipe.scheme == "liteqat_8bit" && recipe.ranges != "learned" && recipe.qat.dropout == 0;
  recipe.forward = allowed ? "integer" : "fake_quant";
}

Status check_images(const Recipe& recipe, const std::string& path) {
  const auto side = [](int64_t extent) { return extent >= 0 && extent <= 4096; };
  LITEQAT_RETURN_IF_ERROR(require_one_of(recipe.dataset, {"mnist", "cifar10", "images"}, path, "data.dataset"));
  LITEQAT_RETURN_IF_ERROR(require(recipe.limit_images >= 0, path, "data.limit_images", "0 (all) or more"));
  LITEQAT_RETURN_IF_ERROR(require(side(recipe.size), path, "data.size", "between 0 (as the images are) and 4096"));
  LITEQAT_RETURN_IF_ERROR(require(side(recipe.width) && (recipe.width == 0 || recipe.size > 0), path, "data.width",
                                  "between 0 (as data.size) and 4096, and 0 without data.size"));
  LITEQAT_RETURN_IF_ERROR(require_one_of(recipe.resize, {"pillow", "opencv", "tensorflow"}, path, "data.resize"));
  LITEQAT_RETURN_IF_ERROR(require_one_of(recipe.fit, {"stretch", "crop", "imagenet", "central", "pad"}, path, "data.fit"));
  return require_one_of(recipe.channels, {"", "rgb", "bgr", "gray"}, path, "data.channels");
}

Status check_recipe(const Recipe& recipe, const std::string& path) {
  LITEQAT_RETURN_IF_ERROR(require(!recipe.name.empty(), path, "name", "given"));
  LITEQAT_RETURN_IF_ERROR(check_images(recipe, path));
  LITEQAT_RETURN_IF_ERROR(require(!recipe.mean.empty() && recipe.mean.size() == recipe.std.size(), path, "data.mean",
                                  "as long as data.std, one entry or one per channel"));
  for (double value : recipe.std) LITEQAT_RETURN_IF_ERROR(require(std::isfinite(value) && value > 0, path, "data.std", "above 0"));
  std::vector<std::string> architectures = graph::architecture_names();
  architectures.emplace_back("file");
  LITEQAT_RETURN_IF_ERROR(require_one_of(recipe.architecture, architectures, path, "model.architecture"));
  LITEQAT_RETURN_IF_ERROR(require(recipe.architecture != "file" || !recipe.weights.empty() || !recipe.pretrained.empty(), path,
                                  "model.architecture", "a network's name where neither model.weights nor model.pretrained brings one"));
  LITEQAT_RETURN_IF_ERROR(require(recipe.alpha > 0 && recipe.alpha <= 4, path, "model.alpha", "in (0, 4]"));
  LITEQAT_RETURN_IF_ERROR(
      require(recipe.batch_norm_momentum >= 0 && recipe.batch_norm_momentum < 1, path, "model.batch_norm_momentum", "in [0, 1)"));
  LITEQAT_RETURN_IF_ERROR(
      require(recipe.batch_norm_epsilon > 0 && recipe.batch_norm_epsilon < 1, path, "model.batch_norm_epsilon", "in (0, 1)"));
  LITEQAT_RETURN_IF_ERROR(require(recipe.pretrained.empty() || recipe.weights.empty(), path, "model.weights",
                                  "empty where model.pretrained stands in for float training"));
  LITEQAT_RETURN_IF_ERROR(require(recipe.reinit.empty() || !recipe.weights.empty(), path, "model.reinit", "empty without model.weights"));
  LITEQAT_RETURN_IF_ERROR(
      require(recipe.weight_map.empty() || !recipe.weights.empty(), path, "model.weight_map", "empty without model.weights"));
  LITEQAT_RETURN_IF_ERROR(check_training(recipe.train, "train", path));
  LITEQAT_RETURN_IF_ERROR(check_training(recipe.qat, "qat", path));
  LITEQAT_RETURN_IF_ERROR(require_one_of(recipe.scheme, {"tfmot_8bit", "liteqat_8bit"}, path, "qat.scheme"));
  LITEQAT_RETURN_IF_ERROR(require_one_of(recipe.forward, {"integer", "fake_quant"}, path, "qat.forward"));
  LITEQAT_RETURN_IF_ERROR(require(recipe.forward == "fake_quant" || recipe.scheme == "liteqat_8bit", path, "qat.forward",
                                  "fake_quant with scheme tfmot_8bit: that scheme trains what TensorFlow would, not what is deployed"));
  LITEQAT_RETURN_IF_ERROR(require_one_of(recipe.ranges, {"ema", "calibrated", "learned"}, path, "qat.ranges"));
  LITEQAT_RETURN_IF_ERROR(require(recipe.ranges == "ema" || recipe.scheme == "liteqat_8bit", path, "qat.ranges",
                                  "ema with scheme tfmot_8bit, whose ranges are TensorFlow's"));
  LITEQAT_RETURN_IF_ERROR(require(recipe.ranges != "learned" || recipe.forward == "fake_quant", path, "qat.ranges",
                                  "ema or calibrated with forward integer: learning needs values from before rounding"));
  LITEQAT_RETURN_IF_ERROR(
      require(recipe.layers_sha256.empty() || !recipe.layers.empty(), path, "qat.layers_sha256", "empty without qat.layers"));
  LITEQAT_RETURN_IF_ERROR(require(recipe.qat.dropout == 0 || recipe.forward == "fake_quant", path, "qat.dropout",
                                  "0 with forward integer: the deployed network has no dropout"));
  LITEQAT_RETURN_IF_ERROR(require(recipe.calibration_images >= 1, path, "qat.calibration_images", "1 or more"));
  for (const std::string& type : recipe.types) {
    LITEQAT_RETURN_IF_ERROR(
        require_one_of(type, {"float32", "float16", "dynamic", "ptq_int8", "ptq_int16x8", "qat_int8"}, path, "export.types"));
  }
  return require_one_of(recipe.io, {"float32", "int8", "uint8"}, path, "export.io");
}

std::string print_value(const std::string& value) {
  std::string text = "\"";
  for (char letter : value) {
    if (letter == '"' || letter == '\\') text += '\\';
    if (static_cast<unsigned char>(letter) < 0x20) {
      text += format("\\u{:04x}", static_cast<int>(letter));
    } else {
      text += letter;
    }
  }
  return text + "\"";
}
std::string print_value(int64_t value) {
  return format("{}", value);
}
std::string print_value(bool value) {
  return value ? "true" : "false";
}
std::string print_value(double value) {
  const std::string text = format("{}", value);  // shortest text that reads back to the same double
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}
template <typename T>
std::string print_value(const std::vector<T>& values) {
  std::vector<std::string> parts;
  for (const T& value : values) parts.push_back(print_value(value));
  return "[" + join(parts, ", ") + "]";
}

std::string print_keys(const Recipe& recipe, const std::vector<std::string>& without) {
  std::string text, section;
  visit_keys(recipe, [&](const std::string& key, const auto& value) {
    if (std::find(without.begin(), without.end(), key) != without.end()) return;
    const size_t dot = key.find('.');
    const std::string own = dot == std::string::npos ? "" : key.substr(0, dot);
    if (own != section) text += format("\n[{}]\n", own);
    section = own;
    text += format("{} = {}\n", dot == std::string::npos ? key : key.substr(dot + 1), print_value(value));
  });
  return text;
}

}  // namespace

std::vector<std::string> share_folders() {
  std::error_code code;
  const std::filesystem::path binary = std::filesystem::read_symlink("/proc/self/exe", code);
  if (code) return {"."};
  const std::filesystem::path folder = binary.parent_path();
  std::vector<std::string> folders;
  for (const std::filesystem::path& candidate : {folder / "../share/liteqat", folder / "../..", folder / "../../.."}) {
    if (std::filesystem::is_directory(candidate / "recipes", code)) folders.push_back(candidate.lexically_normal().string());
  }
  return folders;
}

Result<std::string> find_recipe(const std::string& name) {
  if (name.ends_with(".toml") || name.find('/') != std::string::npos) {
    if (file_exists(name)) return name;
    return error(Code::kNotFound, "{}: no such recipe file", name);
  }
  std::vector<std::string> known;
  for (const std::string& folder : share_folders()) {
    const std::string path = format("{}/recipes/{}.toml", folder, name);
    if (file_exists(path)) return path;
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(folder + "/recipes", code)) {
      if (entry.path().extension() == ".toml") known.push_back(entry.path().stem().string());
    }
  }
  std::sort(known.begin(), known.end());
  if (known.empty()) return error(Code::kInvalidArgument, "unknown recipe '{}', and no recipes folder was found beside the binary", name);
  return error(Code::kInvalidArgument, "unknown recipe '{}'; did you mean '{}'? Known: {}", name, nearest_name(name, known),
               join(known, ", "));
}

Result<Recipe> parse_recipe(const std::string& text, const std::string& path, const RecipeOverrides& overrides) {
  Recipe recipe;
  LITEQAT_ASSIGN_OR_RETURN(const toml::table table, parse_toml(text, path));
  LITEQAT_RETURN_IF_ERROR(set_table(recipe, table, "", path));
  if (overrides.use_environment) LITEQAT_RETURN_IF_ERROR(set_from_environment(recipe));
  for (const std::string& setting : overrides.settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos) return error(Code::kInvalidArgument, "--set {}: expected KEY=VALUE", setting);
    LITEQAT_RETURN_IF_ERROR(set_from_text(recipe, setting.substr(0, equals), setting.substr(equals + 1), "--set " + setting));
  }
  choose_forward(recipe);
  LITEQAT_RETURN_IF_ERROR(check_recipe(recipe, path));
  return recipe;
}

Result<Recipe> read_recipe(const std::string& path, const RecipeOverrides& overrides) {
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(path, int64_t{1} << 20));
  return parse_recipe(text, path, overrides);
}

std::string print_recipe(const Recipe& recipe) {
  return print_keys(recipe, {});
}

std::string hash_recipe(const Recipe& recipe) {
  // Runs from before these keys existed go on: what they stand at here is what those did.
  std::vector<std::string> left_out = {"description", "data.folder"};
  const std::vector<std::string> later = {"weights",   "reinit",    "weight_map", "forward", "fused",         "ranges",
                                          "clip_norm", "ema_decay", "dropout",    "cutout",  "size",          "width",
                                          "resize",    "fit",       "channels",   "layers",  "layers_sha256", "skip"};
  std::map<std::string, std::string> defaults;
  Recipe standing;
  standing.forward = "fake_quant";
  visit_keys(standing, [&](const std::string& key, const auto& value) { defaults[key] = print_value(value); });
  visit_keys(recipe, [&](const std::string& key, const auto& value) {
    const bool is_later = std::find(later.begin(), later.end(), key.substr(key.find('.') + 1)) != later.end();
    if (is_later && print_value(value) == defaults[key]) left_out.push_back(key);
  });
  return sha256(print_keys(recipe, left_out));
}

int64_t steps_per_epoch(const TrainingRecipe& training, int64_t train_images) {
  return (train_images + training.batch_size - 1) / training.batch_size;
}

}  // namespace liteqat::pipeline
