#include "pipeline/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/file.h"
#include "hash/sha256.h"
#include "pipeline/toml_parse.h"

namespace liteqat::pipeline {
namespace {

constexpr const char* kRecords = "checkpoints/stages.toml";
constexpr const char* kLock = "checkpoints/lock";
// Everything a run writes, and therefore all that --fresh removes.
constexpr const char* kOwned[] = {"recipe.toml",     "run.json",       "report.html", "float.safetensors", "float_control.safetensors",
                                  "qat.safetensors", "checkpoints",    "predictions", "tensorboard",       "float32.tflite",
                                  "ptq_int8.tflite", "qat_int8.tflite"};

Status check_recipe_there(const std::string& path, const std::string& recipe_hash) {
  const std::string file = path + "/recipe.toml";
  if (!file_exists(file)) return {};
  LITEQAT_ASSIGN_OR_RETURN(const Recipe there, read_recipe(file, {.settings = {}, .use_environment = false}));
  if (hash_recipe(there) == recipe_hash) return {};
  return error(Code::kMismatch, "{}: holds a run of another recipe ('{}', {}); choose another folder with -o, or start over with --fresh",
               path, there.name, file);
}

Status remove_owned(const std::string& path) {
  for (const char* name : kOwned) {
    if (std::string(name) == "checkpoints") continue;  // holds the lock; emptied below
    std::error_code code;
    std::filesystem::remove_all(path + "/" + name, code);
    if (code) return error(Code::kIo, "{}/{}: cannot remove: {}", path, name, code.message());
  }
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(path + "/checkpoints", code)) {
    if (entry.path().filename() == "lock") continue;
    std::filesystem::remove_all(entry.path(), code);
    if (code) return error(Code::kIo, "{}: cannot remove: {}", entry.path().string(), code.message());
  }
  return {};
}

Result<int> take_lock(const std::string& path) {
  const std::string file = path + "/" + kLock;
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return error(Code::kIo, "{}: cannot create: {}", file, std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  return error(Code::kIo, "{}: another process is working in this run directory; wait for it or choose another with -o", path);
}

std::string quote(const std::string& text) {
  std::string quoted = "'";
  return quoted + text + "'";
}

}  // namespace

RunDirectory::RunDirectory(RunDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      recipe_hash_(std::move(other.recipe_hash_)),
      data_checksum_(std::move(other.data_checksum_)),
      records_(std::move(other.records_)),
      lock_(std::exchange(other.lock_, -1)) {}

RunDirectory::~RunDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

Result<RunDirectory> RunDirectory::open(const std::string& path, const Recipe& recipe, bool fresh) {
  const std::string recipe_hash = hash_recipe(recipe);
  if (!fresh) LITEQAT_RETURN_IF_ERROR(check_recipe_there(path, recipe_hash));
  LITEQAT_RETURN_IF_ERROR(make_folder(path + "/checkpoints"));
  LITEQAT_ASSIGN_OR_RETURN(const int lock, take_lock(path));
  RunDirectory directory(path, recipe_hash, lock);
  if (fresh) LITEQAT_RETURN_IF_ERROR(remove_owned(path));
  LITEQAT_RETURN_IF_ERROR(make_folder(path + "/predictions"));
  for (const char* folder : {"", "/checkpoints", "/predictions"}) LITEQAT_RETURN_IF_ERROR(remove_stale_temporaries(path + folder));
  LITEQAT_RETURN_IF_ERROR(write_text_file(path + "/recipe.toml", print_recipe(recipe)));
  LITEQAT_RETURN_IF_ERROR(directory.read_records());
  return directory;
}

Status RunDirectory::read_records() {
  const std::string path = file(kRecords);
  if (!file_exists(path)) return {};
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(path));
  const auto parsed = parse_toml(text, path);
  if (!parsed.ok()) return error(Code::kCorruptFile, "{}; start over with --fresh", parsed.status().message());
  const toml::table& table = *parsed;
  // Records of another recipe are not ours to reuse; open() has refused them already unless the file was edited.
  if (table["recipe_hash"].value_or(std::string()) != recipe_hash_) return {};
  data_checksum_ = table["data"].value_or(std::string());
  const toml::table* stages = table["stage"].as_table();
  if (stages == nullptr) return {};
  for (const auto& [name, node] : *stages) {
    const toml::table* entry = node.as_table();
    if (entry == nullptr) continue;
    StageRecord record;
    record.seconds = (*entry)["seconds"].value_or(0.0);
    record.images_per_second = (*entry)["images_per_second"].value<double>();
    if (const toml::table* outputs = (*entry)["outputs"].as_table()) {
      for (const auto& [output, checksum] : *outputs) record.outputs[std::string(output.str())] = checksum.value_or(std::string());
    }
    records_[std::string(name.str())] = std::move(record);
  }
  return {};
}

Status RunDirectory::write_records() const {
  std::string text = format("recipe_hash = '{}'\ndata = '{}'\n", recipe_hash_, data_checksum_);
  for (const auto& [name, record] : records_) {
    text += format("\n[stage.{}]\nseconds = {:.6f}\n", quote(name), record.seconds);
    if (record.images_per_second) text += format("images_per_second = {:.3f}\n", *record.images_per_second);
    text += format("[stage.{}.outputs]\n", quote(name));
    for (const auto& [output, checksum] : record.outputs) text += format("{} = '{}'\n", quote(output), checksum);
  }
  return write_text_file(file(kRecords), text);
}

std::optional<StageRecord> RunDirectory::find_finished(const std::string& stage) const {
  const auto found = records_.find(stage);
  if (found == records_.end()) return std::nullopt;
  for (const auto& [output, checksum] : found->second.outputs) {
    const auto bytes = read_file(file(output));
    if (!bytes.ok() || sha256(*bytes) != checksum) return std::nullopt;
  }
  return found->second;
}

Status RunDirectory::finish_stage(const std::string& stage, double seconds, std::optional<double> images_per_second,
                                  const std::vector<std::string>& outputs) {
  StageRecord record{seconds, images_per_second, {}};
  for (const std::string& output : outputs) {
    LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(file(output)));
    record.outputs[output] = sha256(bytes);
  }
  records_[stage] = std::move(record);
  return write_records();
}

Status RunDirectory::claim_data(const std::string& checksum) {
  if (data_checksum_.empty()) {
    data_checksum_ = checksum;
    return write_records();
  }
  if (data_checksum_ == checksum) return {};
  return error(Code::kMismatch,
               "{}: was made from other data or another pretrained file (checksum {:.12}..., now {:.12}...); give the same ones, or start "
               "over with --fresh",
               path_, data_checksum_, checksum);
}

}  // namespace liteqat::pipeline
