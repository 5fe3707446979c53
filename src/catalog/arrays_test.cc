#include <gmock/gmock.h>

#include "catalog/catalog.h"
#include "catalog/folders_for_test.h"
#include "formats/npy/npy.h"

namespace liteqat::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void write_array(const TestFolder& folder, const std::string& name, const std::string& dtype, const std::vector<int64_t>& shape,
                 const std::vector<uint8_t>& bytes) {
  const auto view = std::as_bytes(std::span(bytes));
  ASSERT_TRUE(write_file(folder.path(name), formats::npy::write({dtype, shape, Bytes(view.begin(), view.end())})).ok());
}

Result<Reading> read_arrays_of(const TestFolder& folder, Need need) {
  ThreadPool pool(1);
  Request request;
  request.need = need;
  return read(folder.folder(), request, pool);
}

TEST(Arrays, PairsByTheirNames) {
  const TestFolder folder;
  write_array(folder, "x_train.npy", "|u1", {3, 1, 2}, {1, 2, 3, 4, 5, 6});
  write_array(folder, "y_train.npy", "|i1", {3, 1}, {0, 1, 2});
  write_array(folder, "x_test.npy", "|u1", {1, 1, 2, 1}, {7, 8});
  write_array(folder, "y_test.npy", "<i4", {1}, {1, 0, 0, 0});
  EXPECT_EQ(detect(folder.folder()), "arrays");
  const auto reading = read_arrays_of(folder, Need::kBoth);
  ASSERT_TRUE(reading.ok()) << reading.status().message();
  EXPECT_THAT(reading->dataset.train.pixels, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(reading->dataset.train.labels, ElementsAre(0, 1, 2));
  EXPECT_THAT(reading->dataset.test.labels, ElementsAre(1));
  EXPECT_THAT(reading->dataset.class_names, ElementsAre("0", "1", "2"));
  folder.write("labels.txt", "a\nb\nc\n");
  EXPECT_THAT(read_arrays_of(folder, Need::kBoth)->dataset.class_names, ElementsAre("a", "b", "c"));
  folder.write("labels.txt", "a\nb\n");
  EXPECT_THAT(read_arrays_of(folder, Need::kBoth).status().message(), HasSubstr("names 2 classes, the arrays have label 2"));
}

TEST(Arrays, OneHotLabels) {
  const TestFolder folder;
  write_array(folder, "x_test.npy", "|u1", {3, 1, 1}, {1, 2, 3});
  const std::vector<float> rows = {0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0};
  const auto bytes = std::as_bytes(std::span(rows));
  ASSERT_TRUE(write_file(folder.path("y_test.npy"), formats::npy::write({"<f4", {3, 4}, Bytes(bytes.begin(), bytes.end())})).ok());
  const auto reading = read_arrays_of(folder, Need::kTest);
  ASSERT_TRUE(reading.ok()) << reading.status().message();
  EXPECT_THAT(reading->dataset.test.labels, ElementsAre(3, 0, 1));
  write_array(folder, "y_test.npy", "|b1", {3, 2}, {1, 0, 0, 1, 1, 0});
  EXPECT_THAT(read_arrays_of(folder, Need::kTest)->dataset.test.labels, ElementsAre(0, 1, 0));
  for (const auto& bad : {std::vector<uint8_t>{1, 0, 0, 0, 1, 0}, {1, 0, 1, 1, 1, 0}, {1, 0, 2, 0, 1, 0}}) {
    write_array(folder, "y_test.npy", "|u1", {3, 2}, bad);
    EXPECT_THAT(read_arrays_of(folder, Need::kTest).status().message(), HasSubstr("y_test.npy: row 1 has not a single 1 among zeros"));
  }
}

TEST(Arrays, FaultsNameTheArray) {
  const TestFolder folder;
  write_array(folder, "images.npy", "|u1", {2, 1, 1}, {1, 2});
  write_array(folder, "labels.npy", "|u1", {3}, {0, 1, 0});
  EXPECT_THAT(read_arrays_of(folder, Need::kTest).status().message(), HasSubstr("labels.npy: 3 labels, "));
  write_array(folder, "labels.npy", "|i1", {2}, {0, 255});
  EXPECT_THAT(read_arrays_of(folder, Need::kTest).status().message(), HasSubstr("labels.npy: label -1 at index 1"));
  write_array(folder, "labels.npy", "<f4", {2}, {0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_THAT(read_arrays_of(folder, Need::kTest).status().message(), HasSubstr("labels.npy: holds <f4"));
  write_array(folder, "labels.npy", "|u1", {2}, {0, 1});
  EXPECT_TRUE(read_arrays_of(folder, Need::kTrain).ok());
  EXPECT_FALSE(read_arrays_of(folder, Need::kBoth).ok());
  write_array(folder, "images.npy", "|u1", {2, 1, 1, 2}, {1, 2, 3, 4});
  EXPECT_THAT(read_arrays_of(folder, Need::kTest).status().message(), HasSubstr("images.npy: shape (2,1,1,2)"));
  write_array(folder, "images.npy", "|i1", {2, 1, 1}, {1, 2});
  EXPECT_THAT(read_arrays_of(folder, Need::kTest).status().message(), HasSubstr("pixels as uint8"));
}

}  // namespace
}  // namespace liteqat::catalog
