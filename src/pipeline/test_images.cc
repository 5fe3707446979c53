#include "pipeline/test_images.h"

#include "base/text.h"
#include "data/copies.h"
#include "data/pool.h"

namespace liteqat::pipeline {
namespace {

Result<data::Pool> read_pool(const PoolRequest& request, ThreadPool& threads, TestImages& images) {
  std::vector<data::NamedDataset> sets;
  for (const std::string& folder : request.folders) {
    const bool first = sets.empty();
    LITEQAT_ASSIGN_OR_RETURN(DataReading reading, read_any_dataset({.folder = folder,
                                                                    .images = request.images,
                                                                    .model = request.model,
                                                                    .need = first ? request.need : catalog::Need::kTest,
                                                                    .limit_images = request.limit_images},
                                                                   threads));
    images.notes.insert(images.notes.end(), reading.notes.begin(), reading.notes.end());
    if (first) images.reading = reading.images;
    data::Split& test = reading.dataset.test;
    if (request.folders.size() > 1 || !request.copies.empty()) LITEQAT_RETURN_IF_ERROR(data::load_pixels(test, threads));
    if (request.folders.size() > 1) {
      for (std::string& file : test.files) file = folder + "/" + file;
    }
    sets.push_back({folder, std::move(reading.dataset)});
  }
  return data::pool_test_images(std::move(sets));
}

void note_pool(const data::Pool& pool, TestImages& images) {
  std::string parts;
  for (const data::PoolPart& part : pool.parts) {
    images.groups.directories.push_back({part.folder, part.begin, part.count});
    parts += format("{}{} of {}", parts.empty() ? "" : ", ", format_count(part.count), part.folder);
  }
  images.notes.push_back(format("{} test images pooled: {}.", format_count(pool.dataset.test.count), parts));
  images.notes.insert(images.notes.end(), pool.remarks.begin(), pool.remarks.end());
}

Status add_copies(const std::string& text, TestImages& images) {
  LITEQAT_ASSIGN_OR_RETURN(const data::CopyPlan plan, data::parse_copy_plan(text));
  if (images.dataset.test.count < 2) {
    return error(Code::kMismatch,
                 "--copies: {} test image; copies need two pictures and more, what differs between pictures is what counts",
                 images.dataset.test.count);
  }
  LITEQAT_ASSIGN_OR_RETURN(data::CopiedSplit copied, data::make_copies(images.dataset.test, plan));
  images.groups.kinds = copied.kinds;
  images.notes.push_back(format(
      "{} images are {} pictures in {} forms each. Copies are not independent images: intervals and tests are those of the pictures, "
      "and the accuracy is that over all forms.",
      format_count(copied.split.count), format_count(copied.originals), copied.kinds.size()));
  if (plan.mirror && images.dataset.test.channels == 1)
    images.notes.push_back("Mirrored writing is another sign: mirrored copies of grey images say little about the pictures as they are.");
  images.dataset.test = std::move(copied.split);
  return {};
}

template <typename Value>
std::vector<Value> take_rows(const std::vector<Value>& values, const std::vector<int64_t>& rows, size_t width) {
  std::vector<Value> taken;
  taken.reserve(rows.size() * width);
  for (const int64_t row : rows) {
    const auto begin = values.begin() + row * static_cast<int64_t>(width);
    taken.insert(taken.end(), begin, begin + static_cast<int64_t>(width));
  }
  return taken;
}

/// True if the pool left images out, and `count` are all that its folders hold. As many as there are images to judge are those images:
/// copies can make the pool as large again as its folders were.
bool holds_all(const TestImages& images, int64_t count) {
  return !images.rows.empty() && count == images.held && count != images.dataset.test.count;
}

}  // namespace

Result<TestImages> read_test_images(const PoolRequest& request, ThreadPool& threads) {
  TestImages images;
  LITEQAT_ASSIGN_OR_RETURN(data::Pool pool, read_pool(request, threads, images));
  if (request.folders.size() > 1) note_pool(pool, images);
  images.groups.pictures = pool.dataset.test.count;
  images.held = pool.held;
  if (pool.held != pool.dataset.test.count) images.rows = std::move(pool.rows);
  images.dataset = std::move(pool.dataset);
  if (!request.copies.empty()) LITEQAT_RETURN_IF_ERROR(add_copies(request.copies, images));
  return images;
}

audit::Answers select_pooled(audit::Answers answers, const TestImages& images) {
  if (!holds_all(images, answers.count())) return answers;
  if (answers.scores.empty()) {
    answers.classed = take_rows(answers.classed, images.rows, 1);
    return answers;
  }
  const auto width = static_cast<size_t>(answers.classes);
  auto taken = audit::make_answers(answers.name, take_rows(answers.scores, images.rows, width), answers.classes);
  return taken.ok() ? *std::move(taken) : answers;
}

std::vector<int32_t> select_pooled(std::vector<int32_t> labels, const TestImages& images) {
  return holds_all(images, static_cast<int64_t>(labels.size())) ? take_rows(labels, images.rows, 1) : labels;
}

}  // namespace liteqat::pipeline
