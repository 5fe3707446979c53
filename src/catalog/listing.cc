#include "catalog/listing.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "base/text.h"

namespace liteqat::catalog {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 8;  // folders in folders

const std::vector<std::string> kTrainNames = {"train", "training"};
const std::vector<std::string> kTestNames = {"test", "val", "validation", "valid"};

std::string relative(const fs::path& path, const std::string& root) {
  return path.lexically_relative(root).generic_string();
}

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

/// What lies directly in a folder, hidden things left out, by name.
Result<std::vector<fs::path>> list_entries(const fs::path& folder) {
  std::error_code fault;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(folder, fault), end; !fault && at != end; at.increment(fault)) {
    if (!is_hidden(at->path())) entries.push_back(at->path());
  }
  if (fault) return error(Code::kIo, "{}: cannot be listed: {}", folder.string(), fault.message());
  std::sort(entries.begin(), entries.end(), [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return entries;
}

/// `visited`: what folders there were so far; links may lead in circles, and in a few levels to one folder by millions of ways.
Status collect(const std::string& root, const fs::path& folder, int depth, std::set<fs::path>& visited, std::vector<std::string>& files) {
  if (depth > kDeepest) return error(Code::kUnsupported, "{}: lies more than {} folders deep", folder.string(), kDeepest);
  std::error_code unresolved;
  const fs::path real = fs::canonical(folder, unresolved);
  if (!unresolved && !visited.insert(real).second) {
    return error(Code::kUnsupported, "{}: is {} once more, by a link; every folder is read once", folder.string(), real.string());
  }
  LITEQAT_ASSIGN_OR_RETURN(const auto entries, list_entries(folder));
  for (const fs::path& entry : entries) {
    std::error_code fault;
    const std::string name = relative(entry, root);
    if (fs::is_directory(entry, fault)) {
      if (fs::is_symlink(entry, fault)) LITEQAT_RETURN_IF_ERROR(check_inside(root, name));
      LITEQAT_RETURN_IF_ERROR(collect(root, entry, depth + 1, visited, files));
    } else if (has_image_name(name)) {
      LITEQAT_RETURN_IF_ERROR(check_inside(root, name));
      files.push_back(name);
    }
  }
  return {};
}

/// Folders directly in a folder, by name.
Result<std::vector<fs::path>> list_folders(const fs::path& folder) {
  LITEQAT_ASSIGN_OR_RETURN(std::vector<fs::path> entries, list_entries(folder));
  std::erase_if(entries, [](const fs::path& entry) {
    std::error_code fault;
    return !fs::is_directory(entry, fault);
  });
  return entries;
}

struct ClassFiles {
  std::string name;
  std::vector<std::string> files;
};

Result<std::vector<ClassFiles>> list_classes(const std::string& root, const fs::path& folder) {
  LITEQAT_ASSIGN_OR_RETURN(const auto folders, list_folders(folder));
  std::vector<ClassFiles> classes;
  for (const fs::path& path : folders) {
    const std::string name = relative(path, root);
    LITEQAT_ASSIGN_OR_RETURN(auto files, find_images(root, name));
    if (files.empty()) return error(Code::kNotFound, "{}: class folder without an image (.png, .jpg, .jpeg)", path.string());
    classes.push_back({path.filename().string(), std::move(files)});
  }
  if (classes.empty()) return error(Code::kNotFound, "{}: holds no folder of a class, a folder per class is expected", folder.string());
  return classes;
}

std::vector<Entry> make_entries(const std::vector<ClassFiles>& classes, const std::vector<std::string>& names,
                                const std::vector<int32_t>& labels) {
  std::vector<Entry> entries;
  for (const ClassFiles& one : classes) {
    const auto at = std::find(names.begin(), names.end(), one.name) - names.begin();
    for (const std::string& file : one.files) entries.push_back({file, labels[static_cast<size_t>(at)]});
  }
  std::ranges::stable_sort(entries, {}, &Entry::label);  // numbers stand in their order, not in that of their digits
  return entries;
}

/// The first of the names that is a folder here; empty if there is none.
std::string find_split(const std::string& root, const std::vector<std::string>& names) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
    std::error_code fault;
    return fs::is_directory(fs::path(root) / name, fault);
  });
  return found == names.end() ? "" : *found;
}

}  // namespace

bool has_image_name(const std::string& file) {
  std::string ending = fs::path(file).extension().string();
  std::ranges::transform(ending, ending.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

Status check_inside(const std::string& root, const std::string& file) {
  const fs::path path = fs::path(root) / file;
  std::error_code fault;
  const fs::path real = fs::canonical(path, fault);
  if (fault) return error(Code::kNotFound, "{}: no such file", path.string());
  const fs::path top = fs::canonical(root, fault);
  if (fault) return error(Code::kNotFound, "{}: no such folder", root);
  const auto [end, unused] = std::mismatch(top.begin(), top.end(), real.begin(), real.end());
  if (end != top.end()) {
    return error(Code::kUnsupported, "{}: leads to {}, outside of {}; put the file itself there", path.string(), real.string(), root);
  }
  if (!fs::is_regular_file(real, fault) && !fs::is_directory(real, fault)) {
    return error(Code::kUnsupported, "{}: is no regular file", path.string());
  }
  return {};
}

int32_t parse_class_number(const std::string& name) {
  int32_t number = -1;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = fault == std::errc() && end == name.data() + name.size() && number >= 0 && number <= 999'999;
  return whole && (name == "0" || name[0] != '0') ? number : -1;
}

std::vector<int32_t> number_classes(const std::vector<std::string>& sorted_names, Listing& listing) {
  std::vector<int32_t> labels;
  for (const std::string& name : sorted_names) labels.push_back(parse_class_number(name));
  listing.numbered = !labels.empty() && std::ranges::none_of(labels, [](int32_t label) { return label < 0; });
  if (listing.numbered) {
    for (int32_t label = 0; label <= *std::ranges::max_element(labels); ++label) listing.names.push_back(format("{}", label));
    return labels;
  }
  listing.names = sorted_names;
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int32_t>(i);
  return labels;
}

Result<std::vector<std::string>> find_images(const std::string& root, const std::string& inside) {
  std::vector<std::string> files;
  const fs::path start = inside.empty() ? fs::path(root) : fs::path(root) / inside;
  std::error_code fault;
  if (!inside.empty() && fs::is_symlink(start, fault)) LITEQAT_RETURN_IF_ERROR(check_inside(root, inside));
  std::set<fs::path> visited;
  LITEQAT_RETURN_IF_ERROR(collect(root, start, 0, visited, files));
  return files;
}

bool looks_like_folder(const std::string& folder) {
  if (!find_split(folder, kTrainNames).empty() || !find_split(folder, kTestNames).empty()) return true;
  const auto folders = list_folders(folder);
  return folders.ok() && std::ranges::any_of(*folders, [](const fs::path& path) {
           const auto entries = list_entries(path);
           return entries.ok() && std::ranges::any_of(*entries, [](const fs::path& entry) {
                    std::error_code fault;
                    return has_image_name(entry.string()) || fs::is_directory(entry, fault);
                  });
         });
}

Result<Listing> list_folder(const std::string& folder) {
  Listing listing;
  listing.root = folder;
  const std::string train = find_split(folder, kTrainNames), test = find_split(folder, kTestNames);
  listing.split = !train.empty() || !test.empty();
  std::vector<ClassFiles> train_classes, test_classes;
  if (!train.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(train_classes, list_classes(folder, fs::path(folder) / train));
  }
  if (!test.empty() || !listing.split) {
    LITEQAT_ASSIGN_OR_RETURN(test_classes, list_classes(folder, listing.split ? fs::path(folder) / test : fs::path(folder)));
  }
  std::set<std::string> names;
  for (const auto* classes : {&train_classes, &test_classes}) {
    for (const ClassFiles& one : *classes) names.insert(one.name);
  }
  if (!train_classes.empty()) {
    for (const ClassFiles& one : test_classes) {
      if (std::ranges::find(train_classes, one.name, &ClassFiles::name) != train_classes.end()) continue;
      return error(Code::kMismatch, "{}/{}/{}: a class that {}/{} does not have", folder, test, one.name, folder, train);
    }
  }
  const std::vector<std::string> sorted(names.begin(), names.end());
  const std::vector<int32_t> labels = number_classes(sorted, listing);
  listing.train = make_entries(train_classes, sorted, labels);
  listing.test = make_entries(test_classes, sorted, labels);
  if (listing.split && test != "val" && !train.empty() && find_split(folder, {"val"}) == "val" && test == "test") {
    listing.notes.push_back(
        format("{}/val is passed over: test/ is what is measured on, training takes its validation images from train/.", folder));
  }
  return listing;
}

}  // namespace liteqat::catalog
