#include "catalog/catalog.h"

#include <gmock/gmock.h>

#include "catalog/folders_for_test.h"

namespace liteqat::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// Two classes in train and test; the pixel of an image is its own.
void make_split_folder(const TestFolder& folder) {
  for (const auto& [name, value] :
       {std::pair("train/cat/1.png", 10), std::pair("train/cat/2.PNG", 20), std::pair("train/dog/deep/3.png", 30),
        std::pair("train/dog/4.png", 40), std::pair("test/cat/5.png", 50), std::pair("test/dog/6.png", 60)}) {
    folder.write_png(name, static_cast<uint8_t>(value));
  }
  folder.write("train/cat/notes.txt", "no image");
  folder.write("train/cat/.hidden.png", "no image");
}

Result<Reading> read_with(const std::string& path, const Request& request) {
  ThreadPool pool(2);
  auto reading = read(path, request, pool);
  if (!reading.ok()) return reading;
  for (data::Split* split : {&reading->dataset.train, &reading->dataset.test}) LITEQAT_RETURN_IF_ERROR(data::load_pixels(*split, pool));
  return reading;
}

Request request_for(Need need, int64_t limit_images = 0) {
  Request request;
  request.need = need;
  request.limit_images = limit_images;
  return request;
}

std::string fault_of(const std::string& path, const Request& request = {}) {
  return read_with(path, request).status().message();
}

TEST(Catalog, AFolderPerClass) {
  const TestFolder folder;
  make_split_folder(folder);
  EXPECT_EQ(detect(folder.folder()), "image_folder");
  const auto reading = read_with(folder.folder(), {});
  ASSERT_TRUE(reading.ok()) << reading.status().message();
  const data::Dataset& dataset = reading->dataset;
  EXPECT_EQ(dataset.name, "image_folder");
  EXPECT_THAT(dataset.class_names, ElementsAre("cat", "dog"));
  EXPECT_THAT(dataset.test.files, ElementsAre("test/cat/5.png", "test/dog/6.png"));
  EXPECT_THAT(dataset.test.labels, ElementsAre(0, 1));
  EXPECT_THAT(dataset.test.pixels, ElementsAre(50, 50, 50, 50, 60, 60, 60, 60));
  EXPECT_EQ(dataset.test.channels, 1);
  EXPECT_THAT(dataset.train.files, UnorderedElementsAre("train/cat/1.png", "train/cat/2.PNG", "train/dog/deep/3.png", "train/dog/4.png"));
  for (size_t i = 0; i < 4; ++i) {
    const bool cat = dataset.train.files[i].find("cat") != std::string::npos;
    EXPECT_EQ(dataset.train.labels[i], cat ? 0 : 1);
  }
  EXPECT_EQ(dataset.train.sha256.size(), 64u);
}

TEST(Catalog, OneSplitServesAsTheOneThatIsNeeded) {
  const TestFolder folder;
  folder.write_png("b/1.png", 1);
  folder.write_png("a/2.png", 2);
  const auto test = read_with(folder.folder(), request_for(Need::kTest));
  ASSERT_TRUE(test.ok()) << test.status().message();
  EXPECT_THAT(test->dataset.test.files, ElementsAre("a/2.png", "b/1.png"));
  EXPECT_EQ(test->dataset.train.count, 0);
  const auto train = read_with(folder.folder(), request_for(Need::kTrain));
  ASSERT_TRUE(train.ok()) << train.status().message();
  EXPECT_EQ(train->dataset.train.count, 2);
  EXPECT_EQ(train->dataset.test.count, 0);
  EXPECT_THAT(fault_of(folder.folder(), request_for(Need::kBoth)), HasSubstr("has no training and test images apart"));
}

TEST(Catalog, NumberedFoldersAreTheirNumbers) {
  const TestFolder folder;
  for (const int label : {0, 2, 10}) folder.write_png(format("{}/1.png", label), static_cast<uint8_t>(label));
  const auto reading = read_with(folder.folder(), request_for(Need::kTest));
  ASSERT_TRUE(reading.ok()) << reading.status().message();
  EXPECT_THAT(reading->dataset.test.labels, ElementsAre(0, 2, 10));
  EXPECT_EQ(reading->dataset.classes(), 11);
}

TEST(Catalog, SizesAreAskedForWhereImagesDiffer) {
  const TestFolder folder;
  folder.write_png("a/1.png", 7);
  folder.write_png("a/2.png", 9);
  Request request = request_for(Need::kTest);
  request.shaping.height = 3, request.shaping.width = 5, request.shaping.channels = 3;
  const auto reading = read_with(folder.folder(), request);
  ASSERT_TRUE(reading.ok()) << reading.status().message();
  EXPECT_EQ(reading->dataset.test.image_elems(), 45);
  EXPECT_EQ(reading->dataset.test.image(1)[44], 9);
}

TEST(Catalog, BrokenImagesAreFoundWithTheirNames) {
  const TestFolder folder;
  make_split_folder(folder);
  folder.write("train/dog/broken.png", "no PNG");
  EXPECT_EQ(fault_of(folder.folder()), folder.path("train/dog/broken.png") + ": is neither PNG nor JPEG by its first bytes");
  folder.write("test/cat/empty.jpg", "");
  EXPECT_THAT(fault_of(folder.folder()), HasSubstr("2 images cannot be read: "));
  std::filesystem::remove(folder.path("test/cat/empty.jpg"));
  // A header that is whole, and data that are not.
  folder.write("train/dog/broken.png", TestFolder::png(3).substr(0, 45));
  EXPECT_THAT(fault_of(folder.folder()), HasSubstr("train/dog/broken.png: broken PNG image: "));
}

TEST(Catalog, EmptyFoldersAndClassesAreRefused) {
  const TestFolder folder;
  make_split_folder(folder);
  std::filesystem::create_directories(folder.path("train/fox"));
  EXPECT_EQ(fault_of(folder.folder()), folder.path("train/fox") + ": class folder without an image (.png, .jpg, .jpeg)");
  std::filesystem::remove(folder.path("train/fox"));
  folder.write_png("test/fox/1.png", 1);
  EXPECT_THAT(fault_of(folder.folder()), HasSubstr("test/fox: a class that "));
}

TEST(Catalog, NoLinkIsFollowedOut) {
  const TestFolder folder;
  make_split_folder(folder);
  const std::string outside = folder.folder() + "_outside.png";
  ASSERT_TRUE(write_text_file(outside, TestFolder::png(1)).ok());
  std::filesystem::create_symlink(outside, folder.path("test/cat/link.png"));
  EXPECT_THAT(fault_of(folder.folder()), HasSubstr("test/cat/link.png: leads to "));
  std::filesystem::remove(folder.path("test/cat/link.png"));
  std::filesystem::create_symlink(folder.path("test/dog/6.png"), folder.path("test/cat/link.png"));
  EXPECT_THAT(fault_of(folder.folder()), IsEmpty());
  std::filesystem::create_directory_symlink("/", folder.path("test/cat/root"));
  EXPECT_THAT(fault_of(folder.folder()), HasSubstr("outside of"));
  std::filesystem::remove(outside);
}

// Seven levels of thirty links each would be 30^7 ways to one image.
TEST(Catalog, LinksLeadToAFolderOnce) {
  const TestFolder folder;
  make_split_folder(folder);
  std::filesystem::create_directory_symlink(".", folder.path("test/cat/again"));
  EXPECT_THAT(fault_of(folder.folder()), HasSubstr("test/cat/again: is "));
  std::filesystem::remove(folder.path("test/cat/again"));
  std::filesystem::create_directory(folder.path("test/cat/deep"));
  std::filesystem::create_directory_symlink("deep", folder.path("test/cat/first"));
  EXPECT_THAT(fault_of(folder.folder()), testing::AllOf(HasSubstr("test/cat/first: is "), HasSubstr("test/cat/deep once more")));
  std::filesystem::remove(folder.path("test/cat/deep"));
  std::filesystem::remove(folder.path("test/cat/first"));
  std::filesystem::create_directory_symlink("../dog", folder.path("test/cat/dogs"));  // the only way to it inside this class
  EXPECT_THAT(fault_of(folder.folder()), IsEmpty());
}

TEST(Catalog, AManifest) {
  const TestFolder folder;
  make_split_folder(folder);
  folder.write("m.csv", "path,label,split\ntrain/cat/1.png,cat,train\n\"train/dog/4.png\",dog,train\ntest/dog/6.png,dog,test\n");
  EXPECT_EQ(detect(folder.path("m.csv")), "manifest");
  const auto reading = read_with(folder.path("m.csv"), request_for(Need::kBoth));
  ASSERT_TRUE(reading.ok()) << reading.status().message();
  EXPECT_THAT(reading->dataset.class_names, ElementsAre("cat", "dog"));
  EXPECT_THAT(reading->dataset.test.pixels, ElementsAre(60, 60, 60, 60));
  EXPECT_EQ(reading->dataset.train.count, 2);
  folder.write("n.csv", "label;path\n3;test/cat/5.png\n0;test/dog/6.png\n");
  const auto numbered = read_with(folder.path("n.csv"), request_for(Need::kTest));
  ASSERT_TRUE(numbered.ok()) << numbered.status().message();
  EXPECT_THAT(numbered->dataset.test.labels, ElementsAre(3, 0));
  EXPECT_EQ(numbered->dataset.classes(), 4);
}

TEST(Catalog, ManifestFaultsNameTheLine) {
  const TestFolder folder;
  make_split_folder(folder);
  const auto fault = [&](const std::string& text) {
    folder.write("m.csv", text);
    return fault_of(folder.path("m.csv"), request_for(Need::kTest));
  };
  EXPECT_THAT(fault("path,label\ntest/cat/5.png,a\n../x.png,b\n"), HasSubstr("m.csv: line 3: ../x.png leads out of the manifest's folder"));
  EXPECT_THAT(fault("path,label\n/etc/x.png,b\n"), HasSubstr("line 2: /etc/x.png leads out"));
  EXPECT_THAT(fault("path,label\ntest/cat/5.png,a\ntest/./cat/5.png,b\n"), HasSubstr("line 3: test/./cat/5.png stands in line 2 already"));
  EXPECT_THAT(fault("path,label\nnone.png,a\n"), HasSubstr("line 2: " + folder.path("none.png") + ": no such file"));
  EXPECT_THAT(fault("path,label\ntest/cat/5.png\n"), HasSubstr("line 2: 1 columns, the first line has 2"));
  EXPECT_THAT(fault("path,label\n\"test/cat/5.png,a\n"), HasSubstr("line 2: a quoted field does not end"));
  EXPECT_THAT(fault("path,label,split\ntest/cat/5.png,a,tests\n"), HasSubstr("line 2: split 'tests', expected train, val or test"));
  EXPECT_THAT(fault("file,name\nx,y\n"), HasSubstr("line 1: no column 'label'"));
  EXPECT_THAT(fault(""), HasSubstr("is empty"));
  EXPECT_THAT(fault("path,label\n"), HasSubstr("names no image"));
}

TEST(Catalog, ALimitIsSpreadOverTheClasses) {
  const TestFolder folder;
  for (int i = 0; i < 6; ++i) folder.write_png(format("a/{}.png", i), static_cast<uint8_t>(i));
  for (int i = 0; i < 2; ++i) folder.write_png(format("b/{}.png", i), static_cast<uint8_t>(10 + i));
  const auto reading = read_with(folder.folder(), request_for(Need::kTest, 5));
  ASSERT_TRUE(reading.ok()) << reading.status().message();
  EXPECT_THAT(reading->dataset.test.files, ElementsAre("a/0.png", "a/1.png", "a/2.png", "b/0.png", "b/1.png"));
}

TEST(Labels, ByName) {
  const ModelLabels model = {{"background", "tench, Tinca tinca", "great_white shark"}, 3};
  const auto labelling = match_labels({"Great White Shark", "tinca-tinca"}, false, model, {});
  ASSERT_TRUE(labelling.ok()) << labelling.status().message();
  EXPECT_THAT(labelling->labels, ElementsAre(2, 1));
  EXPECT_EQ(labelling->rule, "by name");
  const auto missing = match_labels({"tench", "grate white shark"}, false, model, {});
  EXPECT_EQ(missing.status().code(), Code::kMismatch);
  EXPECT_THAT(missing.status().message(),
              HasSubstr("class 'grate white shark' is none of the model's 3 labels (did you mean 'great_white shark'?)"));
  EXPECT_THAT(match_labels({"tench", "Tench"}, false, model, {}).status().message(), HasSubstr("are both the model's label"));
}

TEST(Labels, ByPlaceWithTheBackground) {
  const ModelLabels model = {{"background", "x", "y"}, 3};
  const auto found = match_labels({"n01", "n02"}, false, model, {});
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_THAT(found->labels, ElementsAre(1, 2));
  EXPECT_EQ(found->rule, "by place, offset 1");
  const auto asked = match_labels({"n01", "n02"}, false, {{}, 3}, 1);
  ASSERT_TRUE(asked.ok());
  EXPECT_THAT(asked->names, ElementsAre("background", "n01", "n02"));
  EXPECT_THAT(asked->labels, ElementsAre(1, 2));
  const auto back = match_labels({"none", "n01", "n02"}, false, {{}, 2}, -1);
  ASSERT_TRUE(back.ok());
  EXPECT_THAT(back->names, ElementsAre("n01", "n02"));
  EXPECT_THAT(back->labels, ElementsAre(-1, 0, 1));
  EXPECT_EQ(match_labels({"a"}, false, {}, 2).status().code(), Code::kOutOfRange);
  EXPECT_THAT(match_labels({"a", "b", "c"}, false, {{}, 2}, {}).status().message(), HasSubstr("the data have 3 classes, the model has 2"));
}

TEST(Labels, ByNumber) {
  const auto found = match_labels({"0", "1", "2"}, true, {{}, 1000}, {});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->names.size(), 1000u);
  EXPECT_THAT(found->labels, ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace liteqat::catalog
