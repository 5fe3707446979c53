// Figures without a word of accuracy: what makes them figures, and what does not. Whole texts are in texts/.
#include "audit/figures/bare_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

#include "audit/figures/figures.h"

namespace liteqat::audit {
namespace {

/// "label = value split" of every figure.
std::vector<std::string> read_bare(const std::string& text) {
  std::vector<std::string> lines;
  for (const Figure& figure : read_figures(text).figures) {
    char value[40];
    std::snprintf(value, sizeof value, "%.9g", figure.value);
    lines.push_back(figure.label + " = " + value + " " + figure.split);
  }
  return lines;
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(BareFigures, TheFoundingQuestion) {
  const FigureText text = read_figures("Quantized TFLite 0.94462, QAT 0.7447, float 0.7375: how is this possible?");
  ASSERT_EQ(text.figures.size(), 3u);
  EXPECT_EQ(text.figures[0].label, "Quantized TFLite");
  EXPECT_EQ(text.figures[0].printed, "0.94462");
  EXPECT_EQ(text.figures[0].units, 94462);
  EXPECT_EQ(text.figures[0].scale, 5);
  EXPECT_EQ(text.figures[1].label, "QAT");
  EXPECT_EQ(text.figures[2].label, "float");
  ASSERT_EQ(text.notes.size(), 1u);
  EXPECT_THAT(text.notes[0], testing::HasSubstr("nothing in the text says accuracy"));
}

TEST(BareFigures, FormsBeforeAfterAndInOneList) {
  EXPECT_THAT(read_bare("float, int8 and QAT give 0.73, 0.71 and 0.72"),
              ElementsAre("float = 0.73 test", "int8 = 0.71 test", "QAT = 0.72 test"));
  EXPECT_THAT(read_bare("0.9134 for the float model, 0.8972 with int8"), ElementsAre("float model = 0.9134 test", "int8 = 0.8972 test"));
  EXPECT_THAT(read_bare("float32 -> int8: 71.88 -> 70.12 %"), ElementsAre("float32 = 0.7188 test", "int8 = 0.7012 test"));
  EXPECT_THAT(read_bare("92.98 vs 93.12 float, ptq only 91.4"),
              ElementsAre("float (line 1) = 0.9298 test", "float (line 1) #2 = 0.9312 test", "ptq = 0.914 test"));
  EXPECT_THAT(read_bare("val: float 0.88, qat 0.87"), ElementsAre("val: float = 0.88 validation", "qat = 0.87 validation"));
  EXPECT_THAT(read_bare("float 7375/10000, int8 7447 of 10,000"), ElementsAre("float = 0.7375 test", "int8 = 0.7447 test"));
}

TEST(BareFigures, PercentagesWithoutASignAreHighAndClose) {
  EXPECT_THAT(read_bare("float 80.00, int8 60.00"), ElementsAre("float = 0.8 test", "int8 = 0.6 test"));
  EXPECT_THAT(read_bare("float 80.00, int8 59.99"), IsEmpty());
  EXPECT_THAT(read_bare("float 40.00, int8 39.00"), ElementsAre("float = 0.4 test", "int8 = 0.39 test"));
  EXPECT_THAT(read_bare("float 39.99, int8 39.00"), IsEmpty());
}

TEST(BareFigures, OneNumberIsNoComparison) {
  EXPECT_THAT(read_bare("int8 0.9134"), IsEmpty());
  EXPECT_THAT(read_bare("the QAT model scores 0.9134 on the test set"), testing::SizeIs(1));
  EXPECT_THAT(read_bare("Keras 0.91, PyTorch 0.92"), IsEmpty());  // perhaps versions
  EXPECT_THAT(read_bare("float 0.0123, int8 0.0131"), IsEmpty());
}

TEST(BareFigures, PercentagesWithoutASignAreCloseOrOnADataSet) {
  EXPECT_THAT(read_bare("float 93.1, int8 92.8"), testing::SizeIs(2));
  EXPECT_THAT(read_bare("float 93.1, int8 23.4"), IsEmpty());
  EXPECT_THAT(read_bare("CIFAR-10: float 93.1, int8 23.4"), testing::SizeIs(2));
}

TEST(BareFigures, AnotherQuantityTakesItsSentenceOrItsParagraph) {
  EXPECT_THAT(read_bare("Dice: float 0.87, int8 0.86"), IsEmpty());
  EXPECT_THAT(read_bare("I measured F1 for three models. float 0.91, int8 0.89"), IsEmpty());
  EXPECT_THAT(read_bare("F1 0.91 (float), 0.89 (int8)"), IsEmpty());
  EXPECT_THAT(read_bare("threshold of float 0.52, of int8 0.47"), IsEmpty());
  EXPECT_THAT(read_bare("Latency is lower.\n\nfloat 0.91, int8 0.89"), testing::SizeIs(2));
  EXPECT_THAT(read_bare("## Latency\n\nfloat 0.91\nint8 0.89\n\n## Results\n\nfloat 0.73\nint8 0.72\n"),
              ElementsAre("float = 0.73 test", "int8 = 0.72 test"));
  EXPECT_THAT(read_bare("float 0.7375 after 10 epochs with lr 0.01, int8 0.7447, size shrinks 4x"), testing::SizeIs(2));
  EXPECT_THAT(read_bare("model,size,score\nfloat,0.92,0.7375\nint8,0.27,0.7447\n"), IsEmpty());
  EXPECT_THAT(read_bare("model,score,size\nfloat,0.7375,0.92\nint8,0.7447,0.27\n"),
              ElementsAre("float = 0.7375 test", "int8 = 0.7447 test"));
}

TEST(BareFigures, UnitsSharesAndDifferencesAreNone) {
  EXPECT_THAT(read_bare("float 0.91 s, int8 0.35 s"), IsEmpty());
  EXPECT_THAT(read_bare("float32 is at 0.96 of LiteRT, int8 at 0.84 of LiteRT"), IsEmpty());
  EXPECT_THAT(read_bare("int8 is 0.75 smaller, QAT 0.74 smaller"), IsEmpty());
  EXPECT_THAT(read_bare("with int8 the battery drops from 98.5 to 91.2"), IsEmpty());
  EXPECT_THAT(read_bare("mobilenet_v2 TFLite 2.14, Keras 2.15, int8"), IsEmpty());
}

TEST(BareFigures, AreReadOnlyWhereNothingElseIs) {
  EXPECT_THAT(read_bare("accuracy: 0.9134\nfloat 0.42, int8 0.43\n"), ElementsAre("accuracy = 0.9134 test"));
}

// Far from any time that linear reading takes, and passed by what is quadratic in the text.
TEST(BareFigures, LongTextsAreReadInLinearTime) {
  for (const std::string piece :
       {"float int8 ", "float 0.91 ", "loss ", "float 0.91, int8 0.92 and\n", "(0.5 ", "(float) 12 of ", "0.5 vs ",
        "acc 0.91 (500 images), 0.92 (60k images), ", "calibrated on 9 images, ", "acc 0.91 (500 images), "}) {
    std::string text;
    while (text.size() < (1u << 16)) text += piece;
    const std::clock_t start = std::clock();  // time of the processor: others may use it too
    const FigureText found = read_figures(text);
    EXPECT_LT(std::clock() - start, 5 * CLOCKS_PER_SEC) << piece;
    EXPECT_GE(found.lines, 1) << piece;
  }
}

}  // namespace
}  // namespace liteqat::audit
