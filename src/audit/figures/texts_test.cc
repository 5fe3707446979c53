// Whole texts with their figures written down by hand, from texts/*.txt. A case is "=== name", the text, a line "---" and one line for
// each figure: value, split, and "top5" or "class" (an average over classes) where it is one. Pictures of control characters stand for
// the characters: U+241B escape, U+240D carriage return, U+2408 backspace. Of a case "in part: ..." some figures are not read, and none is
// read wrongly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "audit/figures/figures.h"

namespace liteqat::audit {
namespace {

struct TextCase {
  std::string name, text;
  std::vector<std::string> figures;
};

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

std::vector<TextCase> read_cases(const std::filesystem::path& path) {
  std::vector<TextCase> cases;
  std::ifstream file(path, std::ios::binary);
  bool in_text = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("=== ")) {
      cases.push_back({line.substr(4), "", {}});
      in_text = true;
    } else if (line == "---") {
      in_text = false;
    } else if (in_text) {
      cases.back().text += line + "\n";
    } else {
      cases.back().figures.push_back(line);
    }
  }
  for (TextCase& text : cases) {
    replace_all(text.text, "\xE2\x90\x9B", "\x1b");
    replace_all(text.text, "\xE2\x90\x8D", "\r");
    replace_all(text.text, "\xE2\x90\x88", "\b");
  }
  return cases;
}

std::vector<std::string> read(const std::string& text) {
  std::vector<std::string> lines;
  for (const Figure& figure : read_figures(text).figures) {
    char value[40];
    std::snprintf(value, sizeof value, "%.10g", figure.value);
    lines.push_back(value + (" " + figure.split) + (figure.top_k == 1 ? "" : " top" + std::to_string(figure.top_k)) +
                    (figure.class_average ? " class" : ""));
  }
  return lines;
}

TEST(Figures, OfWholeTextsAreTheOnesWrittenDown) {
  std::set<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(LITEQAT_SOURCE_DIR) + "/src/audit/figures/texts"))
    paths.insert(entry.path());
  ASSERT_FALSE(paths.empty());
  for (const auto& path : paths) {
    const auto cases = read_cases(path);
    EXPECT_FALSE(cases.empty()) << path;
    for (const TextCase& text : cases) {
      if (text.name.starts_with("in part: ")) {
        EXPECT_THAT(read(text.text), testing::IsSubsetOf(text.figures)) << path.filename() << ": " << text.name;
      } else {
        EXPECT_THAT(read(text.text), testing::ElementsAreArray(text.figures)) << path.filename() << ": " << text.name;
      }
    }
  }
}

}  // namespace
}  // namespace liteqat::audit
