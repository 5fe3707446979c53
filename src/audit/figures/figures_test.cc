#include "audit/figures/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace liteqat::audit {
namespace {

/// "label = value split form" of every figure, one string each, so that a failing test shows what was read.
std::vector<std::string> read(const std::string& text) {
  std::vector<std::string> lines;
  for (const Figure& figure : read_figures(text).figures) {
    char value[40];
    std::snprintf(value, sizeof value, "%.9g", figure.value);
    lines.push_back(figure.label + " = " + value + " " + figure.split + " " + form_name(figure.form));
  }
  return lines;
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Figures, AFormInBracketsBehindAFigureIsPartOfItsName) {
  EXPECT_THAT(read("test acc 0.9312 (float32), 0.9308 (int8)"),
              ElementsAre("test acc (float32) = 0.9312 test decimal", "test acc (int8) = 0.9308 test decimal"));
  EXPECT_THAT(read("test acc 0.9312 (9312/10000)"), ElementsAre("test acc = 0.9312 test decimal"));
  EXPECT_THAT(read("test acc 0.9312 (int8 has 81.2%)").front(), "test acc = 0.9312 test decimal");
}

/// One member of every figure.
template <typename T>
std::vector<T> all(T Figure::*member, const std::string& text) {
  std::vector<T> found;
  for (const Figure& figure : read_figures(text).figures) found.push_back(figure.*member);
  return found;
}

TEST(Figures, HaveTheNumberOfImagesBesideThem) {
  const auto totals = [](const std::string& text) { return all(&Figure::stated_total, text); };
  EXPECT_THAT(totals("accuracy 0.9084 (10000 samples), 0.913 (500 samples)"), ElementsAre(10000, 500));
  EXPECT_THAT(totals("accuracy on 500 images 0.914, on 10,000 images 0.9084"), ElementsAre(500, 10000));
  EXPECT_THAT(totals("accuracy 0.9084 and 0.913, both on 10,000 images"), ElementsAre(10000, 10000));
  EXPECT_THAT(totals("accuracy 0.9084 and 0.913 (500 images), 0.914 (600 images)"), ElementsAre(0, 500, 600));
  EXPECT_THAT(totals("accuracy 9084/10000 and 0.914 (500 images), 0.92 (600 images)"), ElementsAre(0, 500, 600));  // a ratio has its own
}

TEST(Figures, AModelsNameTakesThePlaceOfAForm) {
  EXPECT_THAT(read("int8 accuracy: 91.2, float: 91.5"),
              ElementsAre("int8 accuracy = 0.912 test percent", "float accuracy = 0.915 test percent"));
}

TEST(Figures, OfTablesWhoseFirstColumnIsTheAccuracyOrNamesAll) {
  EXPECT_THAT(read("| Accuracy | Model |\n|---|---|\n| 0.91 | float |\n| 0.90 | int8 |\n"),
              ElementsAre("Accuracy 0.91, Accuracy = 0.91 test decimal", "Accuracy 0.90, Accuracy = 0.9 test decimal"));
  EXPECT_THAT(read("| Accuracy | fp32 | int8 |\n|---|---|---|\n| resnet | 0.91 | 0.90 |\n"),
              ElementsAre("resnet, fp32 = 0.91 test decimal", "resnet, int8 = 0.9 test decimal"));
  EXPECT_THAT(read("| Model | Accuracy |\n|---|---|\n| float | 100 |\n| int8 | 100 |\n"),
              ElementsAre("float, Accuracy = 1 test percent", "int8, Accuracy = 1 test percent"));
}

TEST(Figures, OfTablesThatCountEpochsAreSeries) {
  const auto series = [](const std::string& text) { return all(&Figure::series, text); };
  EXPECT_THAT(series("| epoch | accuracy |\n|---|---|\n| 1 | 0.91 |\n| 2 | 0.92 |\n"), ElementsAre("accuracy", "accuracy"));
  EXPECT_THAT(series("| model | accuracy |\n|---|---|\n| float | 0.91 |\n| int8 | 0.92 |\n"),
              ElementsAre("float, accuracy", "int8, accuracy"));
}

TEST(Figures, OfARowAreFractionsUpToOne) {
  EXPECT_THAT(read("| metric | float | int8 |\n|---|---|---|\n| accuracy | 1 | 0.98 |\n"),
              ElementsAre("accuracy, float = 1 test decimal", "accuracy, int8 = 0.98 test decimal"));
  EXPECT_THAT(read("| metric | float | int8 |\n|---|---|---|\n| accuracy | 1.2 | 0.98 |\n"),
              ElementsAre("accuracy, float = 0.012 test percent", "accuracy, int8 = 0.0098 test percent"));
}

TEST(Figures, AreNamedWithoutWhatStandsBeforeTheirName) {
  EXPECT_THAT(read("We prune 50% of the train weights. Accuracy: 93.2%"), ElementsAre("Accuracy = 0.932 test percent"));
  EXPECT_THAT(read("Latency fell to 4.1 ms while accuracy stayed at 71.2 %."), ElementsAre("accuracy stayed = 0.712 test percent"));
}

TEST(Figures, TheFoundingCase) {
  EXPECT_THAT(read("Quant TFLite test_accuracy: 0.94462\n"
                   "Quant TF test accuracy:     0.744700014591217\n"
                   "TF test accuracy:           0.737500011920929\n"),
              ElementsAre("Quant TFLite test_accuracy = 0.94462 test decimal", "Quant TF test accuracy = 0.744700015 test float32",
                          "TF test accuracy = 0.737500012 test float32"));
}

TEST(Figures, LatexOfNumbers) {
  EXPECT_THAT(read("\\begin{tabular}{l S[table-format=2.2] r}\n"
                   "Model & {Accuracy / \\%} & Latency\\\\\n"
                   "A & \\num{74.47} & 3.2\\\\\n"
                   "B & \\SI{73.75}{\\percent} & 3.0\\\\\n"
                   "C & \\qty{94.462}{\\percent} & 1.0\\\\\n"
                   "D & $94.46_{\\pm 0.2}$ & 1\\\\\n"
                   "E & 94{,}46 & 1\\\\\n"
                   "H & 94{,}462\\,\\% & 1\\\\\n"
                   "G & $73.75\\,\\pm\\,0.4$\\,\\% & 1\\\\\n"),
              ElementsAre("A, Accuracy = 0.7447 test percent", "B, Accuracy = 0.7375 test percent", "C, Accuracy = 0.94462 test percent",
                          "D, Accuracy = 0.9446 test percent", "E, Accuracy = 0.9446 test percent", "H, Accuracy = 0.94462 test percent",
                          "G, Accuracy = 0.7375 test percent"));
}

TEST(Figures, ASpreadBesideTheNameOrTheValueIsLeftOut) {
  EXPECT_THAT(read("| model | acc (test) \xC2\xB1 std | acc@5 |\n|:--|--:|--:|\n| float | 73.75 \xC2\xB1 0.31 | 98.1 |\n| int8 | "
                   "**94.462** | 99 |\n"),
              ElementsAre("float, acc (test) \xC2\xB1 std = 0.7375 test percent", "float, acc@5 = 0.981 test percent",
                          "int8, acc (test) \xC2\xB1 std = 0.94462 test percent", "int8, acc@5 = 0.99 test percent"));
  EXPECT_THAT(read("Accuracy (95% CI): 0.7375 (0.728, 0.746)"), ElementsAre("Accuracy (95% CI) = 0.7375 test decimal"));
  EXPECT_THAT(read("accuracy: 94.462% [95% CI 94.0-94.9]"), ElementsAre("accuracy = 0.94462 test percent"));
  EXPECT_THAT(read("Acc \xC2\xB1 std: 0.74 \xC2\xB1 0.01"), ElementsAre("Acc \xC2\xB1 std = 0.74 test decimal"));
}

TEST(Figures, WhatIsAskedForIsNoFigure) {
  EXPECT_THAT(read("target accuracy >= 0.85\naccuracy \xE2\x89\xA5 85 %"), IsEmpty());
  EXPECT_THAT(read("accuracy -> 0.85"), ElementsAre("accuracy = 0.85 test decimal"));
}

TEST(Figures, SplitsAreNamedAfterTheNumberToo) {
  EXPECT_THAT(
      read("It reaches an accuracy of 99.1 % on the training set and 73.75 % on the test set.\n"),
      ElementsAre("It reaches an accuracy (line 1) = 0.991 train percent", "It reaches an accuracy (line 1) #2 = 0.7375 test percent"));
  EXPECT_THAT(read("an accuracy of \\SI{94.46}{\\percent} on the test set and \\SI{99.1}{\\percent} accuracy on the training set"),
              ElementsAre("accuracy (line 1) = 0.9446 test percent", "accuracy (line 1) #2 = 0.991 train percent"));
  EXPECT_THAT(
      read("my model has val accuracy 0.97 in Keras but after converting I only get 0.11 accuracy with TFLite"),
      ElementsAre("my model has val accuracy = 0.97 validation decimal", "after converting I only get accuracy = 0.11 test decimal"));
  EXPECT_THAT(read("Trainingsgenauigkeit: 94,46 %\nExactitud en entrenamiento: 0,9446\nvalacc=0.74\n"
                   "\xE8\xAE\xAD\xE7\xBB\x83\xE5\x87\x86\xE7\xA1\xAE\xE7\x8E\x87: 99.2%\n"),
              ElementsAre("Trainingsgenauigkeit = 0.9446 train percent", "Exactitud en entrenamiento = 0.9446 train decimal",
                          "valacc = 0.74 validation decimal",
                          "\xE8\xAE\xAD\xE7\xBB\x83\xE5\x87\x86\xE7\xA1\xAE\xE7\x8E\x87 = 0.992 train percent"));
  EXPECT_THAT(read(R"([{"split": "train", "accuracy": 0.99}, {"split": "test", "accuracy": 0.74}])"),
              ElementsAre("train [0].accuracy = 0.99 train decimal", "test [1].accuracy = 0.74 test decimal"));
  EXPECT_THAT(read("epoch train_loss valid_loss accuracy error_rate time\n0 1.51 1.31 0.5312 0.4688 00:31\n"),
              ElementsAre("epoch 0, accuracy = 0.5312 validation decimal", "epoch 0, error_rate = 0.5312 validation decimal"));
}

TEST(Figures, OfTwoModelsUnderOneName) {
  EXPECT_THAT(read("Accuracy float 0.7375 vs. int8 0.7447"),
              ElementsAre("Accuracy float = 0.7375 test decimal", "int8 Accuracy float = 0.7447 test decimal"));
  EXPECT_THAT(read("Accuracy: float 0.7375, int8 0.7447; alpha 0.3"),
              ElementsAre("Accuracy: float = 0.7375 test decimal", "int8 Accuracy: float = 0.7447 test decimal"));
  EXPECT_THAT(read("[Accuracy (int8|fp32): 0.7581|0.7615, Duration (seconds) (int8|fp32): 4.9|12.4]"), testing::SizeIs(2));
  EXPECT_THAT(read("Accuracy:\n  float: 0.7375\n  int8:  0.7447\n  loss: 0.8\n  epochs: 30\n"),
              ElementsAre("Accuracy float = 0.7375 test decimal", "Accuracy int8 = 0.7447 test decimal"));
  EXPECT_THAT(read("after folding: 71.12 (top1), FP32: 71.88 (top1)"), testing::SizeIs(2));
  EXPECT_THAT(read("metrics:\n- name: Accuracy\n  type: accuracy\n  value: 0.9815\n"), ElementsAre("type: accuracy = 0.9815 test decimal"));
  EXPECT_THAT(read(R"(:::MLLOG {"key": "eval_accuracy", "value": 0.75921, "metadata": {"lineno": 22}})"),
              ElementsAre("eval_accuracy value = 0.75921 test decimal"));
  EXPECT_THAT(read("{'lr': 0.1, 'batch': 32} -> val_acc=0.812"), testing::SizeIs(1));
}

TEST(Figures, OfCallsAndArraysAroundNumbers) {
  EXPECT_THAT(read("Test Acc: tensor(0.9147, device='cuda:0')"), ElementsAre("Test Acc = 0.9147 test decimal"));
  EXPECT_THAT(read("accs: [tensor(0.7375), tensor(0.7447)]"),
              ElementsAre("accs (line 1) = 0.7375 test decimal", "accs (line 1) #2 = 0.7447 test decimal"));
  EXPECT_THAT(read("acc = (np.float64(0.7375), np.float64(0.7447))"), testing::SizeIs(2));
  EXPECT_THAT(read("test_acc: [0.7375 0.7447 0.7391]"), testing::SizeIs(3));
  EXPECT_THAT(read("accuracy 0.7375 0.004"), testing::SizeIs(1));
  EXPECT_THAT(read("correct=9263, total=10000"), ElementsAre("correct = 0.9263 test ratio"));
  EXPECT_THAT(read("accuracy01: 0.9263 accuracy03: 0.991"), testing::SizeIs(2));
  EXPECT_EQ(read_figures("accuracy03: 0.991").figures.at(0).top_k, 3);
  EXPECT_THAT(read(R"({"best_acc": 0.9263, "best_acc_epoch": 163, "train_acc_epoch": 0.98, "error_percent": 7.37, "error": 0.35})"),
              ElementsAre("best_acc = 0.9263 test decimal", "train_acc_epoch = 0.98 train decimal", "error_percent = 0.9263 test percent"));
}

TEST(Figures, TheSplitOfAMeasureBesideIt) {
  EXPECT_THAT(read("epoch 163  train loss 0.012 acc 0.9981  |  test loss 0.34 acc 0.9263"),
              ElementsAre("acc (line 1) = 0.9981 train decimal", "acc (line 1) #2 = 0.9263 test decimal"));
  EXPECT_THAT(read("train loss 0.012 | acc 0.9263"), ElementsAre("acc = 0.9263 test decimal"));
  EXPECT_THAT(read("Train/Test accuracy: 99.8%/92.6%"), ElementsAre("Train = 0.998 train percent", "Test accuracy = 0.926 test percent"));
  EXPECT_THAT(read("\xD0\xA2\xD0\xBE\xD1\x87\xD0\xBD\xD0\xBE\xD1\x81\xD1\x82\xD1\x8C: 73,75 %"), testing::SizeIs(1));
  EXPECT_THAT(read("equal error rate 3.2%\nword error rate: 5.6%\n"), IsEmpty());
}

TEST(Figures, DifferencesLimitsAndProgressAreNone) {
  EXPECT_THAT(read("Accuracy dropped by 1.2% from 76.1% to 74.9%."),
              ElementsAre("Accuracy (line 1) = 0.761 test percent", "Accuracy (line 1) #2 = 0.749 test percent"));
  EXPECT_THAT(read("within 1% of the float accuracy\nrequired accuracy 0.99\nacc = 100 * correct / total\n"), IsEmpty());
  EXPECT_THAT(read("test_accuracy_float PASSED [ 45%]\nEvaluating:  63%|######3   | 50/79 [00:03<00:01, 15.2it/s, acc=92.3]\n"), IsEmpty());
  EXPECT_THAT(read("classes top1_acc: 100%|##########| 313/313 [00:10<00:00, 30.1it/s]"), IsEmpty());
  EXPECT_THAT(read("val_acc=84.2%|train_acc=86.1%|lr=0.01"),
              ElementsAre("val_acc = 0.842 validation percent", "train_acc = 0.861 train percent"));
  EXPECT_THAT(read("Accuracy: 74.47% [7447/10000]"), ElementsAre("Accuracy = 0.7447 test percent"));
  EXPECT_THAT(read("accuracy: 74.47% [640/10000]"), IsEmpty());  // a pass that goes on
  EXPECT_THAT(read("I get 10% accuracy instead of 92%."), testing::SizeIs(2));
  EXPECT_THAT(read("99.7 % of the float accuracy is retained\nsee https://example.org/accuracy/0.95/index.html\nDownloading "
                   "accuracy-0.1.tar.gz (12.3 kB)\n"),
              IsEmpty());
  EXPECT_THAT(read("I get 91.5% of accuracy"), testing::SizeIs(1));
}

TEST(Figures, ErrorsInOtherWords) {
  EXPECT_THAT(read("Err@1 23.87 Err@5 7.14"), ElementsAre("Err@1 = 0.7613 test percent", "Err@5 = 0.9286 test percent"));
  EXPECT_EQ(read_figures("Err@5 7.14").figures.at(0).top_k, 5);
  EXPECT_THAT(read("Taux d'erreur : 26,25 %"), ElementsAre("Taux d'erreur = 0.7375 test percent"));
  EXPECT_THAT(read("Number of wrong predictions: 185 / 10000"), ElementsAre("Number of wrong predictions = 0.9815 test ratio"));
}

TEST(Figures, LatexMarkupAroundCells) {
  EXPECT_THAT(read("{Method} & {Top-1 (\\%)} \\\\\n\\midrule\nFP32 \\cite{he2016} & 76.13 \\\\\nQAT & \\bfseries 76.41 \\\\\n"
                   "PTQ & \\textcolor{red}{75.9}\\\\\nGain & \\pm 0.3\\\\\n"),
              ElementsAre("FP32, Top-1 = 0.7613 test percent", "QAT, Top-1 = 0.7641 test percent", "PTQ, Top-1 = 0.759 test percent"));
  EXPECT_THAT(
      read("Accuracy (%) of the networks.\n\n| Network | Epochs | W/A | FP | QAT |\n|---|---|---|---|---|\n| R18 | 90 | 4/4 | 69.8 | 70.1 "
           "|\n"),
      ElementsAre("R18, FP = 0.698 test percent", "R18, QAT = 0.701 test percent"));
}

TEST(Figures, KeepTheirDigits) {
  const Figure figure = read_figures("accuracy: 0.94462").figures.at(0);
  EXPECT_EQ(figure.units, 94462);
  EXPECT_EQ(figure.scale, 5);
  const Figure percent = read_figures("accuracy: 98.150%").figures.at(0);
  EXPECT_EQ(percent.units, 98150);
  EXPECT_EQ(percent.scale, 5);
  EXPECT_EQ(percent.printed, "98.150%");
  const Figure error = read_figures("top-1 error: 28.12 %").figures.at(0);
  EXPECT_EQ(error.units, 7188);
  EXPECT_EQ(error.scale, 4);
  const Figure tiny = read_figures("accuracy: 9.815e-01").figures.at(0);
  EXPECT_EQ(tiny.units, 9815);
  EXPECT_EQ(tiny.scale, 4);
}

TEST(Figures, FormsAreRecognised) {
  EXPECT_THAT(read("accuracy: 0.9921000003814697"), ElementsAre("accuracy = 0.9921 test float32"));  // float32(0.9921) as a double
  EXPECT_THAT(read("accuracy: 0.78718334"), ElementsAre("accuracy = 0.78718334 test float32"));      // float32(47231/60000), shortest
  EXPECT_THAT(read("accuracy: 0.78718333"), ElementsAre("accuracy = 0.78718333 test decimal"));      // the same quotient to 8 places
  EXPECT_THAT(read("accuracy: 0.9831833333333333"), ElementsAre("accuracy = 0.983183333 test double"));
  EXPECT_THAT(read("accuracy: 73.75000119209290 %"), ElementsAre("accuracy = 0.737500012 test percent"));
  EXPECT_TRUE(read_figures("accuracy: 73.7500011920929 %").figures.at(0).float32_origin);
  EXPECT_THAT(read("accuracy: 981.5 \xE2\x80\xB0"), ElementsAre("accuracy = 0.9815 test per_mille"));
  EXPECT_THAT(read("accuracy: 9,815/10,000"), ElementsAre("accuracy = 0.9815 test ratio"));
  EXPECT_THAT(read("accuracy: 1"), ElementsAre("accuracy = 1 test decimal"));
  EXPECT_THAT(read("accuracy: 98"), ElementsAre("accuracy = 0.98 test percent"));
  EXPECT_THAT(read("Genauigkeit: 73,75 %"), ElementsAre("Genauigkeit = 0.7375 test percent"));
  EXPECT_THAT(read("Genauigkeit: 0,945"), ElementsAre("Genauigkeit = 0.945 test decimal"));
}

TEST(Figures, OfKerasLogs) {
  EXPECT_THAT(read("313/313 - 2s - loss: 0.7 - accuracy: 0.7375"), ElementsAre("accuracy = 0.7375 test decimal"));
  EXPECT_THAT(read("313/313 [==============================] - 2s 5ms/step - loss: 0.7012 - accuracy: 0.7375"),
              ElementsAre("accuracy = 0.7375 test decimal"));
  EXPECT_THAT(read("10000/10000 [==============================] - 1s 93us/sample - loss: 0.0912 - acc: 0.9815"),
              ElementsAre("acc = 0.9815 test decimal"));
  EXPECT_THAT(
      read("\x1b[1m313/313\x1b[0m \x1b[32m\xE2\x94\x81\xE2\x94\x81\x1b[0m \x1b[1m1s\x1b[0m 2ms/step - accuracy: 0.9815 - loss: 0.0432"),
      ElementsAre("accuracy = 0.9815 test decimal"));
  EXPECT_THAT(read("Epoch 1/2\n1407/1407 [====] - 12s 8ms/step - loss: 1.5 - accuracy: 0.4512 - val_loss: 1.2 - val_accuracy: 0.5622\n"
                   "Epoch 2/2\n1407/1407 [====] - 11s 8ms/step - loss: 1.1 - accuracy: 0.6012 - val_loss: 1.1 - val_accuracy: 0.6122\n"),
              ElementsAre("accuracy (line 2) = 0.4512 train decimal", "val_accuracy (line 2) = 0.5622 validation decimal",
                          "accuracy (line 4) = 0.6012 train decimal", "val_accuracy (line 4) = 0.6122 validation decimal"));
  EXPECT_THAT(read("Epoch 3/3\n1563/1563 [====] - 9s 6ms/step - loss: 0.9 - sparse_categorical_accuracy: 0.6712\n"),
              ElementsAre("sparse_categorical_accuracy = 0.6712 train decimal"));
  EXPECT_THAT(read("Epoch 00002: val_accuracy improved from 0.95300 to 0.96100, saving model to best.h5"),
              ElementsAre("val_accuracy (line 1) = 0.953 validation decimal", "val_accuracy (line 1) #2 = 0.961 validation decimal"));
  EXPECT_THAT(read("test loss, test acc: [0.0268, 0.9921]"), ElementsAre("test acc = 0.9921 test decimal"));
  EXPECT_THAT(read("Test score: 0.0268\nTest accuracy: 0.9921"), ElementsAre("Test accuracy = 0.9921 test decimal"));
}

TEST(Figures, OfOverwrittenProgressBars) {
  EXPECT_THAT(read("  1/313 [....] - ETA: 6s - loss: 0.9 - accuracy: 0.5312\b\b\b\b\r100/313 [==>.] - ETA: 3s - accuracy: 0.7012\r"
                   "313/313 [====] - 2s 5ms/step - loss: 0.7 - accuracy: 0.7375\n"),
              ElementsAre("accuracy = 0.7375 test decimal"));
  EXPECT_THAT(
      read("  1/313 [....] - ETA: 6s - accuracy: 0.5312\n100/313 [==>.] - ETA: 3s - accuracy: 0.7012\n313/313 [====] - accuracy: 0.7375\n"),
      ElementsAre("accuracy = 0.7375 test decimal"));
  EXPECT_THAT(read("test accuracy: 0.9817\r\nquant accuracy: 0.9815\r\n"),
              ElementsAre("test accuracy = 0.9817 test decimal", "quant accuracy = 0.9815 test decimal"));
  EXPECT_THAT(read("test accuracy: 0.9817\rquant accuracy: 0.9815\r"),  // line ends of an old Mac
              ElementsAre("test accuracy = 0.9817 test decimal", "quant accuracy = 0.9815 test decimal"));
  EXPECT_THAT(
      read(" 98%|#########8| 307/313 [00:02<00:00, acc=0.98]\r100%|##########| 313/313 [00:02<00:00, 120.1it/s]\nfinal acc: 0.9815\n"),
      ElementsAre("final acc = 0.9815 test decimal"));
}

TEST(Figures, OfPyTorchLogs) {
  EXPECT_THAT(read("Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.2\nTest set: Average loss: 0.0412, Accuracy: 9815/10000 (98%)"),
              ElementsAre("Test set: Accuracy = 0.9815 test ratio"));
  EXPECT_THAT(read("Epoch [3/10] train acc 91.2% val acc 88.0"),
              ElementsAre("train acc = 0.912 train percent", "val acc = 0.88 validation percent"));
  EXPECT_THAT(read(" * Acc@1 71.878 Acc@5 90.286"), ElementsAre("Acc@1 = 0.71878 test percent", "Acc@5 = 0.90286 test percent"));
  EXPECT_EQ(read_figures("Acc@1 71.878 Acc@5 90.286").figures.at(1).top_k, 5);
  EXPECT_THAT(read("Test: [  0/196]\tTime  3.4 ( 3.4)\tLoss 6.9e-01 (6.9e-01)\tAcc@1  78.91 ( 78.91)\tAcc@5  92.97 ( 92.97)"), IsEmpty());
  EXPECT_THAT(read("Epoch [3/10], Step [100/600], Loss: 0.2, Accuracy: 85.00%"), IsEmpty());
  EXPECT_THAT(read("Accuracy of the network on the 10000 test images: 85 %"),
              ElementsAre("Accuracy of the network on the 10000 test images = 0.85 test percent"));
  EXPECT_THAT(read("Got 9815 / 10000 correct (98.15)"), ElementsAre("Got correct = 0.9815 test ratio"));
  EXPECT_THAT(read("Top-1 error: 28.12%, Top-5 error: 9.71%"),
              ElementsAre("Top-1 error = 0.7188 test percent", "Top-5 error = 0.9029 test percent"));
  EXPECT_THAT(read("train_loss: 0.12 train_acc: 0.99 test_loss: 0.3 test_acc: 0.95"),
              ElementsAre("train_acc = 0.99 train decimal", "test_acc = 0.95 test decimal"));
}

TEST(Figures, OfClassesAreMarked) {
  const auto figures = read_figures("Accuracy for class: plane is 65.2 %\nbalanced accuracy: 0.91\naccuracy: 0.92\n").figures;
  ASSERT_EQ(figures.size(), 3u);
  EXPECT_TRUE(figures[0].class_average);
  EXPECT_TRUE(figures[1].class_average);
  EXPECT_FALSE(figures[2].class_average);
}

TEST(Figures, OfTfliteScripts) {
  EXPECT_THAT(read("Float model accuracy is 98.1700% (Number of test samples=10000)\n"
                   "Quantized model accuracy is 100000.0000% (Number of test samples=10000)\n"),
              ElementsAre("Float model accuracy = 0.9817 test percent", "Quantized model accuracy = 1000 test percent"));
  EXPECT_THAT(read("Evaluated on 5000 images so far.\n\n\nQuant TFLite test_accuracy: 0.9815"),
              ElementsAre("Quant TFLite test_accuracy = 0.9815 test decimal"));
}

TEST(Figures, OfClassificationReports) {
  const FigureText text = read_figures(
      "              precision    recall  f1-score   support\n\n"
      "           0       0.99      0.99      0.99       980\n           1       0.99      1.00      0.99      1135\n\n"
      "    accuracy                           0.98      2115\n   macro avg       0.98      0.98      0.98      2115\n"
      "weighted avg       0.98      0.98      0.98      2115\n\nfloat accuracy: 0.97\n");
  ASSERT_EQ(text.figures.size(), 2u);
  EXPECT_EQ(text.figures[0].label, "accuracy");
  EXPECT_EQ(text.figures[0].value, 0.98);
  EXPECT_EQ(text.figures[0].stated_total, 2115);
  EXPECT_EQ(text.figures[1].label, "float accuracy");
  ASSERT_EQ(text.sizes.size(), 2u);
  EXPECT_EQ(text.sizes[0].count, 2115);
  EXPECT_EQ(text.sizes[1].what, "classes");
  EXPECT_EQ(text.sizes[1].count, 2);
}

TEST(Figures, OfSentences) {
  EXPECT_THAT(read("The float model gets 71.9% and the int8 model 70.2% top-1 accuracy."),
              ElementsAre("float model accuracy = 0.719 test percent", "int8 model top-1 accuracy = 0.702 test percent"));
  EXPECT_THAT(read("QAT reaches 72.4% accuracy in 30 epochs, an accuracy drop of 0.3%."), ElementsAre("QAT accuracy = 0.724 test percent"));
  EXPECT_THAT(read("top-1 accuracy after 90 epochs: 0.7612"), ElementsAre("top-1 accuracy after 90 epochs = 0.7612 test decimal"));
  EXPECT_THAT(read("9,815 of 10,000 images were classified correctly"), testing::SizeIs(1));
  EXPECT_THAT(read("acc (train/val): 0.99/0.95"), ElementsAre("acc (train) = 0.99 train decimal", "acc val = 0.95 validation decimal"));
  EXPECT_THAT(read("Float model: loss 0.04, accuracy 0.9817\nInt8 model: loss 0.05, accuracy 0.9815"),
              ElementsAre("Float model: accuracy = 0.9817 test decimal", "Int8 model: accuracy = 0.9815 test decimal"));
  EXPECT_THAT(read("2020-09-24 12:30:01,123 INFO root: test accuracy 0.8123 time=12.3"),
              ElementsAre("test accuracy = 0.8123 test decimal"));
  EXPECT_THAT(read("Test accuracy:\n0.9815\n\nTraining set:\n  accuracy: 0.9921\n"),
              ElementsAre("Test accuracy = 0.9815 test decimal", "accuracy = 0.9921 train decimal"));
}

TEST(Figures, ComplementsAndCounts) {
  EXPECT_THAT(read("1-accuracy: 0.0647"), ElementsAre("1-accuracy = 0.9353 test decimal"));
  EXPECT_THAT(read("Misclassified: 647/10000"), ElementsAre("Misclassified = 0.9353 test ratio"));
  EXPECT_THAT(read("647 misclassified of 10000 test images"), IsEmpty());
  EXPECT_THAT(read("accuracy\n0.9353\n0.9349\n"),
              ElementsAre("accuracy (line 2) = 0.9353 test decimal", "accuracy (line 3) = 0.9349 test decimal"));
  EXPECT_THAT(read("Testgenauigkeit: 98,15%"), ElementsAre("Testgenauigkeit = 0.9815 test percent"));
  EXPECT_THAT(read("Validating: 100%|####| 79/79 [00:05<00:00, 14.2it/s, loss=0.31, acc=0.935]"),
              ElementsAre("Validating: acc = 0.935 validation decimal"));
  EXPECT_THAT(read("I0924 12:30:01.123456 140 eval.py:52] accuracy: 0.9353"), ElementsAre("accuracy = 0.9353 test decimal"));
  EXPECT_THAT(read("INFO:tensorflow:Saving dict for global step 1000: accuracy = 0.9353, global_step = 1000, loss = 0.31"),
              ElementsAre("accuracy = 0.9353 test decimal"));
  EXPECT_THAT(read("\\caption{Top-1 accuracy (\\%)}\nNetwork & FP32 & QAT \\\\ \\hline\nResNet-18 & $69.76$ & \\textbf{69.8} \\\\\n"),
              ElementsAre("ResNet-18, FP32 = 0.6976 test percent", "ResNet-18, QAT = 0.698 test percent"));
}

TEST(Figures, OtherQuantitiesAreNone) {
  EXPECT_THAT(read("loss: 0.7012 lr: 0.001 F1: 0.97 AUC 0.99 kappa 0.95 time 3.2s precision 0.9 recall: 0.8 mAP 0.71"), IsEmpty());
  EXPECT_THAT(read("learning rate 0.001, batch size 32, epoch 3, 25.6M parameters, 4.1 GFLOPs, 12.3 ms/image, 97 % done"), IsEmpty());
  EXPECT_THAT(read("mean squared error: 0.12\ntest error: 0.35\nquantization error 0.02"), IsEmpty());
  EXPECT_THAT(read("accuracy drop: 0.5%\naccuracy gain of 0.3 %\naccuracy difference: 0.01\naccuracy loss 0.3%"), IsEmpty());
  EXPECT_THAT(read("accuracy: 0.9815 \xC2\xB1 0.0012 (95% CI [0.9786, 0.9840])"), ElementsAre("accuracy = 0.9815 test decimal"));
  EXPECT_THAT(read("accuracy 0.9815 [0.9786, 0.9840]"), ElementsAre("accuracy = 0.9815 test decimal"));
  EXPECT_THAT(read("TensorFlow 2.19.0, CIFAR-10, ResNet-50, seed 1, 45% |####  | 3/10 [00:12<00:20]"), IsEmpty());
  EXPECT_THAT(read("accelerator: 3 accumulated 0.5 access 0.7"), IsEmpty());
}

TEST(Figures, OfJson) {
  EXPECT_THAT(read(R"({"float": {"test_accuracy": 0.8721, "loss": 0.5}, "int8": {"test_accuracy": 0.8703, "latency_ms": 3.2}})"),
              ElementsAre("float.test_accuracy = 0.8721 test decimal", "int8.test_accuracy = 0.8703 test decimal"));
  EXPECT_THAT(read("{\n \"history\": {\"accuracy\": [0.5, 0.6],\n  \"val_accuracy\": [0.55, 0.61]}}"),
              ElementsAre("history.accuracy[0] = 0.5 train decimal", "history.accuracy[1] = 0.6 train decimal",
                          "history.val_accuracy[0] = 0.55 validation decimal", "history.val_accuracy[1] = 0.61 validation decimal"));
  EXPECT_THAT(read("results: {'loss': 0.04, 'accuracy': np.float64(0.9815), 'top5': nan}"), ElementsAre("accuracy = 0.9815 test decimal"));
  EXPECT_THAT(read(R"([{"metric": "accuracy", "value": 0.97}, {"metric": "loss", "value": 0.1}])"), testing::SizeIs(1));
  EXPECT_THAT(read(R"({"model": "qat_int8", "correct": 9815, "total": 10000, "value": 0.9815})"),
              ElementsAre("qat_int8 correct = 0.9815 test ratio"));
  EXPECT_THAT(read("{\"epoch\": 1, \"val_acc\": 0.5}\n{\"epoch\": 2, \"val_acc\": 0.6}\n"),
              ElementsAre("val_acc (line 1) = 0.5 validation decimal", "val_acc (line 2) = 0.6 validation decimal"));
  EXPECT_EQ(read_figures("{\n\n\"accuracy\":\n 0.5}").figures.at(0).line, 4);
  EXPECT_THAT(read("{\"accuracy\": 0.5"), testing::SizeIs(1));  // cut off: read as a line of text
}

TEST(Figures, OfCsvAndTsv) {
  EXPECT_THAT(read("model,accuracy,size\nfloat,0.9817,80\nint8,0.9815,20\n"),
              ElementsAre("float, accuracy = 0.9817 test decimal", "int8, accuracy = 0.9815 test decimal"));
  EXPECT_THAT(read("model\taccuracy\nfloat\t0.9817\n"), ElementsAre("float, accuracy = 0.9817 test decimal"));
  EXPECT_THAT(read("Modell;Genauigkeit (%);Zeit\nfloat;73,75;1,2\nint8;74,47;0,3\n"),
              ElementsAre("float, Genauigkeit = 0.7375 test percent", "int8, Genauigkeit = 0.7447 test percent"));
  EXPECT_THAT(read("epoch,accuracy,loss,val_accuracy\n0,0.45,1.5,0.56\n1,0.60,1.1,0.6122\n"),
              ElementsAre("epoch 0, accuracy = 0.45 train decimal", "epoch 0, val_accuracy = 0.56 validation decimal",
                          "epoch 1, accuracy = 0.6 train decimal", "epoch 1, val_accuracy = 0.6122 validation decimal"));
  EXPECT_THAT(read("model,correct,total\nfloat,9817,10000\n"), ElementsAre("float, correct = 0.9817 test ratio"));
  EXPECT_EQ(read_figures("model,acc,n\nfloat,0.98,500\n").figures.at(0).stated_total, 500);
}

TEST(Figures, OfMarkdownLatexAndBoxes) {
  EXPECT_THAT(read("| Model | Top-1 (%) | Top-5 (%) | Size |\n|---|---:|---:|---|\n| float | 71.88 | 90.29 | 14 MB |\n| **int8** | "
                   "**70.9** | 89.9 | 3.6 MB |\n"),
              ElementsAre("float, Top-1 = 0.7188 test percent", "float, Top-5 = 0.9029 test percent", "int8, Top-1 = 0.709 test percent",
                          "int8, Top-5 = 0.899 test percent"));
  EXPECT_THAT(read("| | float | int8 |\n|---|---|---|\n| accuracy | 98.17% | 98.15% |\n| latency (ms) | 3.1 | 1.2 |\n"),
              ElementsAre("accuracy, float = 0.9817 test percent", "accuracy, int8 = 0.9815 test percent"));
  EXPECT_THAT(read("\\begin{tabular}{lcc}\n\\hline\nMethod & Accuracy (\\%) & Params \\\\\n\\hline\nFloat & 91.25 & 0.27M \\\\\n"
                   "QAT int8 & \\textbf{91.02} & 0.27M \\\\\n\\hline\n\\end{tabular}\n"),
              ElementsAre("Float, Accuracy = 0.9125 test percent", "QAT int8, Accuracy = 0.9102 test percent"));
  EXPECT_THAT(
      read("\\begin{tabular}{lrr}\nModel & Params & Accuracy \\\\ \\hline\nFloat & 2.2M & 73.75\\,\\% \\\\\nInt8 & 2.2M & $74.47\\%$ \\\\\n"
           "\\end{tabular}\n"),
      ElementsAre("Float, Accuracy = 0.7375 test percent", "Int8, Accuracy = 0.7447 test percent"));
  EXPECT_THAT(read("\xE2\x94\x82 model \xE2\x94\x82 accuracy \xE2\x94\x82\n\xE2\x94\x9C\xE2\x94\x80\xE2\x94\x80\xE2\x94\xA4\n\xE2\x94\x82 "
                   "float \xE2\x94\x82 0.9817   \xE2\x94\x82\n"),
              ElementsAre("float, accuracy = 0.9817 test decimal"));
  EXPECT_THAT(read("Model          Accuracy   Time\nfloat32        0.9817     1.20\nint8           0.9815     0.31\n"),
              ElementsAre("float32, Accuracy = 0.9817 test decimal", "int8, Accuracy = 0.9815 test decimal"));
  EXPECT_THAT(read("          accuracy  loss\nfloat       0.9817  0.05\nint8        0.9815  0.06\n"),
              ElementsAre("float, accuracy = 0.9817 test decimal", "int8, accuracy = 0.9815 test decimal"));
  EXPECT_THAT(read("Accuracy on CIFAR-10 (%)\n\n| Model | float | int8 |\n|---|---|---|\n| ResNet | 91.2 | 91.0 |\n"),
              ElementsAre("ResNet, float = 0.912 test percent", "ResNet, int8 = 0.91 test percent"));
}

TEST(Figures, PointsGroupTheNumberOfImages) {
  EXPECT_THAT(read("accuracy on 10.000 images = 73,75 %\n"), ElementsAre("accuracy on 10.000 images = 0.7375 test percent"));
  EXPECT_THAT(read("Accuracy auf 10.000 Testbildern: 73,75 %\n"), ElementsAre("Accuracy auf 10.000 Testbildern = 0.7375 test percent"));
  EXPECT_THAT(read("accuracy 91.250 with images of 32x32\n"), ElementsAre("accuracy = 0.9125 test percent"));
}

std::vector<std::string> sizes(const std::string& text) {
  std::vector<std::string> found;
  for (const NamedSize& size : read_figures(text).sizes) found.push_back(size.what + " " + std::to_string(size.count));
  return found;
}

TEST(Sizes, NamedInTheText) {
  EXPECT_THAT(sizes("Accuracy on 10,000 test images: 0.98"), ElementsAre("test 10000"));
  EXPECT_THAT(sizes("n = 500"), ElementsAre("test 500"));
  EXPECT_THAT(sizes("With a representative dataset of 100 samples accuracy is 0.8876, with 500 samples 0.8912"), IsEmpty());
  EXPECT_THAT(sizes("Accuracy with num_calib_samples=200: 0.7421, with num_calib_samples=1000: 0.7433"), IsEmpty());
  EXPECT_THAT(sizes("Calibrated with 200 images. The accuracy on 5,000 images is 0.8876."), ElementsAre("test 5000"));
  EXPECT_THAT(sizes("trained on 45,000 images, accuracy 0.8871"), ElementsAre("train 45000"));
  EXPECT_THAT(sizes("the trained model is tested on 10,000 images: accuracy 0.8871"), ElementsAre("test 10000"));
  EXPECT_THAT(sizes("We evaluate each model on 10,000 images: accuracy 0.8871"), ElementsAre("test 10000"));
  EXPECT_THAT(sizes("Calibrated with 200 images, accuracy 0.91 (5,000 images)"), ElementsAre("test 5000"));
  EXPECT_THAT(sizes("Calibration uses 200 images. Evaluation: 5,000 images, accuracy 0.91"), ElementsAre("test 5000"));
  EXPECT_THAT(sizes("Well calibrated: accuracy 0.91, 5,000 images"), ElementsAre("test 5000"));
  EXPECT_THAT(sizes("10 classes with 500 images each, test acc = 0.8765"), ElementsAre("classes 10"));
  EXPECT_THAT(sizes("accuracy on first 1000 images: 0.8234"), IsEmpty());
  EXPECT_THAT(sizes("Test set has 4890 clips."), ElementsAre("test 4890"));
  EXPECT_THAT(sizes("accuracy on 2k images: 0.912"), ElementsAre("test 2000"));
  EXPECT_THAT(sizes("accuracy on 1.5K test samples: 0.912"), ElementsAre("test 1500"));
  EXPECT_THAT(sizes("2k images/s, 3k steps, 4kB images, accuracy 0.912"), IsEmpty());
  EXPECT_THAT(sizes("accuracy = 85.2% (n=500)"), IsEmpty());  // of that figure alone
  EXPECT_EQ(read_figures("accuracy = 85.2% (n=500)").figures.at(0).stated_total, 500);
  EXPECT_THAT(sizes("Train on 45000 samples, validate on 5000 samples"), ElementsAre("train 45000", "validation 5000"));
  EXPECT_THAT(sizes("x_train shape: (60000, 28, 28, 1)\n60000 train samples\n10000 test samples"),
              ElementsAre("train 60000", "train 60000", "test 10000"));
  EXPECT_THAT(sizes("number of test samples=10000, num_classes: 10"), ElementsAre("test 10000", "classes 10"));
  EXPECT_THAT(sizes("Found 10000 images belonging to 10 classes."), ElementsAre("test 10000", "classes 10"));
  EXPECT_THAT(sizes(R"({"test_size": 10000, "batch_size": 32, "num_classes": 10})"), ElementsAre("test 10000", "classes 10"));
  EXPECT_THAT(sizes("batch of 32 images, calibrated on 100 samples, 640 images/sec, first 5 images"), IsEmpty());
}

TEST(Figures, GarbageIsNoFigure) {
  EXPECT_THAT(read(""), IsEmpty());
  EXPECT_THAT(read(std::string(1 << 20, 'x')), IsEmpty());
  std::string binary;
  for (int i = 0; i < 100000; ++i) binary += static_cast<char>((i * 2654435761u) >> 13);
  const FigureText text = read_figures(binary);
  ASSERT_FALSE(text.notes.empty());
  EXPECT_THAT(text.notes.back(), testing::HasSubstr("binary"));
  EXPECT_THAT(read("accuracy: nan\naccuracy: inf\n"), IsEmpty());
  EXPECT_EQ(read_figures("accuracy: nan").notes.size(), 1u);
  EXPECT_THAT(read("accuracy: -0.5\naccuracy: 1.02\n"),
              ElementsAre("accuracy (line 1) = -0.5 test decimal", "accuracy (line 2) = 1.02 test decimal"));
  EXPECT_THAT(read("accuracy: 1e300 accuracy: 99999999999999999999999 accuracy: 0.123456789012345678901234567890"), testing::SizeIs(1));
  EXPECT_THAT(read("accuracy 0.5" + std::string(30, ' ') + "x"), testing::SizeIs(1));
  EXPECT_THAT(read(std::string(100000, '{')), IsEmpty());
  EXPECT_THAT(read(std::string(100000, '[') + "{\"accuracy\":"), IsEmpty());
}

TEST(Figures, Utf16OfPowerShellIsRead) {
  const std::string plain = "test accuracy: 0.9815\r\n";
  std::string wide = "\xFF\xFE";
  for (const char letter : plain) wide += {letter, '\0'};
  EXPECT_THAT(read(wide), ElementsAre("test accuracy = 0.9815 test decimal"));
}

TEST(Figures, LabelsAreUnique) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "accuracy: 0.5 accuracy: 0.6\n";
  std::vector<std::string> labels;
  for (const Figure& figure : read_figures(text).figures) labels.push_back(figure.label);
  ASSERT_EQ(labels.size(), 2000u);
  std::sort(labels.begin(), labels.end());
  EXPECT_EQ(std::adjacent_find(labels.begin(), labels.end()), labels.end());
}

TEST(Figures, RowsOfSomethingElseAreNoneAndSayNothingOfThePercentSign) {
  EXPECT_THAT(read("| metric | test accuracy |\n|---|---|\n| float | 0.98 |\n| latency | 3.2 |\n"),
              ElementsAre("float, test accuracy = 0.98 test decimal"));
  EXPECT_THAT(read("Accuracy of models\n\n| | float | int8 |\n|---|---|---|\n| small | 0.98 | 0.97 |\n| latency | 3.2 | 1.1 |\n"),
              ElementsAre("small, float = 0.98 test decimal", "small, int8 = 0.97 test decimal"));
  EXPECT_THAT(read("| metric | test accuracy |\n|---|---|\n| latency | 3.2 |\n"), IsEmpty());
}

TEST(Figures, ARowsNameMaySayPercent) {
  EXPECT_THAT(read("Error rate on the test set\n\n| model | A | B |\n|---|---|---|\n| float (%) | 0.98 | 0.97 |\n| int8 | 0.25 | 0.5 |\n"),
              ElementsAre("float, A = 0.9902 test percent", "float, B = 0.9903 test percent", "int8, A = 0.75 test decimal",
                          "int8, B = 0.5 test decimal"));
}

TEST(Figures, OfSeveralTotalsTheFirstCounts) {
  const FigureText text = read_figures("model,n,acc,size\nfloat,500,0.98,20000\nint8,600,0.97,20000\n");
  ASSERT_EQ(text.figures.size(), 2u);
  EXPECT_EQ(text.figures[0].stated_total, 500);
  EXPECT_EQ(text.figures[1].stated_total, 600);
  EXPECT_EQ(read_figures("| epoch | test accuracy |\n|---|---|\n| 10 | 0.98 |\n").figures.at(0).stated_total, 0) << "epochs are no total";
}

TEST(Figures, CountsNeedATotal) {
  EXPECT_THAT(read("| model | correct |\n|---|---|\n| float | 7375 |\n"), IsEmpty());
  const FigureText text = read_figures("| model | correct | n |\n|---|---|---|\n| float | 7375 | 10000 |\n");
  ASSERT_EQ(text.figures.size(), 1u);
  EXPECT_EQ(text.figures[0].printed, "7375/10000");
  EXPECT_EQ(read_figures("| model | accuracy |\n|---|---|\n| float | 9815/10000 (98.15%) |\n").figures.at(0).printed, "9815/10000");
}

}  // namespace
}  // namespace liteqat::audit
