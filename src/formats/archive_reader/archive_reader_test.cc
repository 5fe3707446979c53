// The reading program from both ends: files made with the HDF5 library, read back through the pipe by formats/archive.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <zip.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/file.h"
#include "formats/archive/archive.h"
#include "formats/archive_reader/hdf5_handle.h"

namespace liteqat::formats::archive_reader {
namespace {

using archive::Contents;
using testing::ElementsAre;
using testing::HasSubstr;

/// An HDF5 file under construction.
class TestFile {
 public:
  explicit TestFile(const std::string& name) : path_(testing::TempDir() + "/" + name) {
    file_ = H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(file_, 0);
  }
  ~TestFile() { close(); }

  hid_t id() const { return file_; }
  const std::string& path() {
    close();
    return path_;
  }
  Bytes bytes() { return read_file(path()).value(); }

  void group(const std::string& name) {
    const Handle made(H5Gcreate2(file_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
    EXPECT_TRUE(made.ok());
  }

  template <typename T>
  void array(const std::string& name, hid_t type, const std::vector<hsize_t>& extents, const std::vector<T>& values,
             hid_t properties = H5P_DEFAULT) {
    const Handle space(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose);
    const Handle made(H5Dcreate2(file_, name.c_str(), type, space.id(), H5P_DEFAULT, properties, H5P_DEFAULT), H5Dclose);
    ASSERT_TRUE(made.ok());
    if (values.empty()) return;
    ASSERT_GE(H5Dwrite(made.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  }

  /// Fixed-length strings, as h5py writes bytes; one of them as a scalar.
  void strings(const std::string& name, const std::vector<std::string>& values, bool scalar) {
    size_t longest = 1;
    for (const std::string& value : values) longest = std::max(longest, value.size());
    std::string characters;
    for (const std::string& value : values) characters += value + std::string(longest - value.size(), '\0');
    const hsize_t count = values.size();
    const Handle type(H5Tcopy(H5T_C_S1), H5Tclose), space(scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr), H5Sclose);
    H5Tset_size(type.id(), longest);
    const Handle made(H5Acreate2(file_, name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    ASSERT_GE(H5Awrite(made.id(), type.id(), characters.data()), 0);
  }

  /// A variable-length string, as h5py writes text.
  void text(const std::string& name, const char* value) {
    const Handle type(H5Tcopy(H5T_C_S1), H5Tclose), space(H5Screate(H5S_SCALAR), H5Sclose);
    H5Tset_size(type.id(), H5T_VARIABLE);
    const Handle made(H5Acreate2(file_, name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    ASSERT_GE(H5Awrite(made.id(), type.id(), &value), 0);
  }

 private:
  void close() {
    if (file_ >= 0) H5Fclose(file_);
    file_ = -1;
  }
  std::string path_;
  hid_t file_ = -1;
};

void expect_failure(const std::string& path, Code code, const std::string& part) {
  const auto contents = archive::read(path);
  ASSERT_FALSE(contents.ok());
  EXPECT_EQ(contents.status().code(), code) << contents.status().message();
  EXPECT_THAT(contents.status().message(), testing::StartsWith(path + ": "));
  EXPECT_THAT(contents.status().message(), HasSubstr(part));
}

void write_small(TestFile& file) {
  file.group("/layer");
  file.array<float>("/layer/kernel", H5T_NATIVE_FLOAT, {2, 3}, {1, 2, 3, 4, 5, 6});
  file.strings("names", {"kernel", "bias:0"}, false);
  file.strings("backend", {"tensorflow"}, true);
  file.text("config", "{\"a\": 1}");
}

TEST(ArchiveReader, GivesArraysAndTextsOfAllTypes) {
  TestFile file("types.h5");
  write_small(file);
  file.array<double>("/doubles", H5T_NATIVE_DOUBLE, {2}, {0.5, -2});
  file.array<int64_t>("/count", H5T_NATIVE_INT64, {}, {7});
  file.array<float>("/empty", H5T_NATIVE_FLOAT, {0, 4}, {});
  const auto contents = archive::read(file.path());
  ASSERT_TRUE(contents.ok()) << contents.status().message();
  EXPECT_THAT(contents->arrays.at("/layer/kernel").shape, ElementsAre(2, 3));
  EXPECT_THAT(contents->arrays.at("/layer/kernel").values, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(contents->arrays.at("/doubles").values, ElementsAre(0.5f, -2.0f));
  EXPECT_TRUE(contents->arrays.at("/count").shape.empty());
  EXPECT_THAT(contents->arrays.at("/count").values, ElementsAre(7.0f));
  EXPECT_THAT(contents->arrays.at("/empty").shape, ElementsAre(0, 4));
  EXPECT_THAT(contents->lists.at("/@names"), ElementsAre("kernel", "bias:0"));
  EXPECT_EQ(contents->texts.at("/@backend"), "tensorflow");
  EXPECT_EQ(contents->texts.at("/@config"), "{\"a\": 1}");
}

TEST(ArchiveReader, LeavesOptimizerStateOut) {
  TestFile file("optimizer.h5");
  for (const char* group : {"/optimizer_weights", "/optimizer", "/kept"}) {
    file.group(group);
    file.array<float>(std::string(group) + "/m", H5T_NATIVE_FLOAT, {1}, {1});
  }
  const auto contents = archive::read(file.path());
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->arrays.size(), 1u);
  EXPECT_TRUE(contents->arrays.contains("/kept/m"));
}

TEST(ArchiveReaderErrors, LinksOutOfTheFileAreRefused) {
  TestFile external("external.h5"), soft("soft.h5");
  ASSERT_GE(H5Lcreate_external("/etc/passwd", "/x", external.id(), "weights", H5P_DEFAULT, H5P_DEFAULT), 0);
  expect_failure(external.path(), Code::kUnsupported, "'/weights' is a link (external); only data of the file itself is read");
  ASSERT_GE(H5Lcreate_soft("/other", soft.id(), "weights", H5P_DEFAULT, H5P_DEFAULT), 0);
  expect_failure(soft.path(), Code::kUnsupported, "'/weights' is a link (soft)");
}

TEST(ArchiveReaderErrors, DataOfOtherFilesIsRefused) {
  TestFile file("outside.h5");
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  ASSERT_GE(H5Pset_external(properties.id(), "/etc/passwd", 0, 16), 0);
  file.array<float>("/w", H5T_NATIVE_FLOAT, {4}, {}, properties.id());
  expect_failure(file.path(), Code::kUnsupported, "'/w' keeps its data in other files");

  TestFile virtual_file("virtual.h5");
  const Handle mapped(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  const hsize_t four = 4;
  const Handle space(H5Screate_simple(1, &four, nullptr), H5Sclose);
  ASSERT_GE(H5Pset_virtual(mapped.id(), space.id(), "/tmp/elsewhere.h5", "/w", space.id()), 0);
  virtual_file.array<float>("/w", H5T_NATIVE_FLOAT, {4}, {}, mapped.id());
  expect_failure(virtual_file.path(), Code::kUnsupported, "'/w' is a virtual data set of other files");
}

TEST(ArchiveReaderErrors, ClaimsBeyondTheFileAreRefusedBeforeTheyAreRead) {
  TestFile huge("huge.h5");
  huge.array<float>("/w", H5T_NATIVE_FLOAT, {1000, 1000, 1000}, {});
  expect_failure(huge.path(), Code::kOutOfRange, "'/w' claims 1000000000 elements, more than a file of this size may unfold to");

  TestFile unstored("unstored.h5");
  unstored.array<float>("/w", H5T_NATIVE_FLOAT, {1000}, {});
  expect_failure(unstored.path(), Code::kOutOfRange, "'/w' claims 1000 elements and stores 0 bytes");
}

TEST(ArchiveReaderErrors, GroupsInACircleEnd) {
  TestFile file("circle.h5");
  file.group("/a");
  ASSERT_GE(H5Lcreate_hard(file.id(), "/a", file.id(), "/a/again", H5P_DEFAULT, H5P_DEFAULT), 0);
  expect_failure(file.path(), Code::kCorruptFile, "groups are nested more than 64 deep");
}

void write_zip(const std::string& path, const std::vector<std::pair<std::string, Bytes>>& members) {
  std::filesystem::remove(path);
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE, nullptr);
  ASSERT_NE(archive, nullptr);
  for (const auto& [name, bytes] : members) {
    zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    ASSERT_GE(zip_file_add(archive, name.c_str(), source, ZIP_FL_OVERWRITE), 0);
  }
  ASSERT_EQ(zip_close(archive), 0);
}

Bytes bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

TEST(ArchiveReader, GivesConfigAndWeightsOfAKerasArchive) {
  TestFile weights("inside.h5");
  write_small(weights);
  const std::string path = testing::TempDir() + "/model.keras";
  write_zip(path, {{"config.json", bytes_of("{}")}, {"model.weights.h5", weights.bytes()}});
  const auto contents = archive::read(path);
  ASSERT_TRUE(contents.ok()) << contents.status().message();
  EXPECT_EQ(contents->texts.at("config.json"), "{}");
  EXPECT_EQ(contents->arrays.at("/layer/kernel").values.size(), 6u);
}

TEST(ArchiveReaderErrors, ZipArchives) {
  const std::string path = testing::TempDir() + "/bad.keras";
  write_zip(path, {{"other.txt", bytes_of("x")}});
  expect_failure(path, Code::kNotFound, "the ZIP archive holds no member 'config.json', so it is no Keras model; of a PyTorch file");
  write_zip(path, {{"config.json", bytes_of("{}")}, {"model.weights.h5", bytes_of("no HDF5 at all")}});
  expect_failure(path, Code::kCorruptFile, "model.weights.h5: HDF5: '/' cannot be opened");
  // A bomb: 64 MiB + 1 of zeros deflate to 64 KiB.
  write_zip(path, {{"config.json", Bytes((size_t{64} << 20) + 1)}});
  expect_failure(path, Code::kOutOfRange, "member 'config.json' claims 67108865 bytes, at most 67108864 are read");
  Bytes cut = read_file(path).value();
  cut.resize(cut.size() / 2);
  ASSERT_TRUE(write_file(path, cut).ok());
  expect_failure(path, Code::kCorruptFile, "damaged ZIP archive");
}

TEST(ArchiveReaderErrors, FilesOfAnotherKindOrNone) {
  const std::string path = testing::TempDir() + "/text.h5";
  ASSERT_TRUE(write_text_file(path, "hello").ok());
  expect_failure(path, Code::kCorruptFile, "neither an HDF5 file nor a ZIP archive");
  EXPECT_EQ(archive::read("/no/such/file.h5").status().code(), Code::kNotFound);
}

TEST(ArchiveReaderErrors, AReadingProgramThatDies) {
  TestFile file("fine.h5");
  write_small(file);
  const auto missing = archive::read_with("/no/such/reader", file.path());
  EXPECT_EQ(missing.status().code(), Code::kNotFound);
  const std::string script = testing::TempDir() + "/dying_reader";
  const auto read_with_script = [&](const char* command) {
    EXPECT_TRUE(write_text_file(script, format("#!/bin/sh\n{}\n", command)).ok());
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    return archive::read_with(script, file.path());
  };
  const auto died = read_with_script("kill -SEGV $$");
  EXPECT_EQ(died.status().code(), Code::kCorruptFile);
  EXPECT_THAT(died.status().message(), HasSubstr("failed in its own process, the file is damaged or hostile"));
  EXPECT_THAT(died.status().message(), HasSubstr("signal 11"));
  EXPECT_THAT(read_with_script("printf 'garbage and more'").status().message(), HasSubstr("the reading program sent "));
  EXPECT_THAT(read_with_script("exit 0").status().message(), HasSubstr("the reading program sent no last record"));
}

/// Every file that is cut, and bytes changed all over it: a sentence or contents, whatever the library does with them.
TEST(ArchiveReaderErrors, DamagedFilesNeverHarmThisProcess) {
  TestFile file("whole.h5");
  write_small(file);
  const Bytes whole = file.bytes();
  const std::string path = testing::TempDir() + "/damaged.h5";
  std::mt19937 random(1);
  int failures = 0;
  for (int trial = 0; trial < 60; ++trial) {
    Bytes damaged = whole;
    if (trial % 3 == 0) {
      damaged.resize(whole.size() * static_cast<size_t>(trial) / 60);
    } else {
      for (int change = 0; change < 1 + trial % 4; ++change) damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    }
    ASSERT_TRUE(write_file(path, damaged).ok());
    const auto contents = archive::read(path);
    if (contents.ok()) continue;
    EXPECT_THAT(contents.status().message(), HasSubstr(path));
    ++failures;
  }
  EXPECT_GE(failures, 20);  // all cut files at least
}

}  // namespace
}  // namespace liteqat::formats::archive_reader
