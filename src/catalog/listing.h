// Which image files there are, of which class, in which split: a folder per class, or a CSV manifest. Nothing is decoded here.
//
// A folder holds train/ and test/ (or val/, validation/), each with a folder per class, or the folders of classes themselves: then its
// images serve as whatever is asked for. Class folders may hold folders; files are .png, .jpg or .jpeg in any case, others and hidden ones
// are passed over. Classes are ordered by name, byte by byte; folders that are all named by whole numbers are those classes. A manifest has
// a header line with the columns path, label and, if it likes, split; paths start at its own folder. No path is followed out of the folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::catalog {

struct Entry {
  std::string file;  // within the folder, with /
  int32_t label = 0;
};

struct Listing {
  std::string root;
  std::vector<std::string> names;  // of classes, by label
  bool numbered = false;           // names are numbers, and the labels themselves
  bool split = true;               // train and test apart; else all images stand in `test`
  std::vector<Entry> train, test;  // by label, then by file; of a manifest, in its order
  std::vector<std::string> notes;  // sentences: what was passed over
};

/// Fails: kNotFound for an empty folder or class, kUnsupported for a link that leads out or something that is no file, naming it.
Result<Listing> list_folder(const std::string& folder);

/// Fails: kCorruptFile with the line for broken quoting, missing fields, an unknown split or a path that appears twice; kUnsupported for a
/// path that leads out; kNotFound for a file that is not there.
Result<Listing> list_manifest(const std::string& path);

/// The manifest's text alone, without looking at files. `path` for messages.
struct ManifestRow {
  std::string file, label, split;  // split empty: the manifest has no such column
  int64_t line = 0;
};
Result<std::vector<ManifestRow>> parse_manifest(const std::string& text, const std::string& path);

/// A name that ends like an image file's.
bool has_image_name(const std::string& file);

/// Image files directly in the folder and below, by name. Fails: as list_folder.
Result<std::vector<std::string>> find_images(const std::string& root, const std::string& inside);

/// Whether a folder has the shape of list_folder's: folders of classes or of splits with images in them.
bool looks_like_folder(const std::string& folder);

/// Fails: kUnsupported if `file` leads out of `root` by a link, kNotFound if it is no regular file.
Status check_inside(const std::string& root, const std::string& file);

/// Whole numbers without leading zeros, up to 999,999; -1 for anything else.
int32_t parse_class_number(const std::string& name);

/// Labels of names in order; numbered if all are numbers. Fills names and numbered of the listing.
std::vector<int32_t> number_classes(const std::vector<std::string>& sorted_names, Listing& listing);

}  // namespace liteqat::catalog
