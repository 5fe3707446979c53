// The checks, one file each, and the words they share. Private to checks/.
#pragma once

#include "audit/checks/check.h"

namespace liteqat::audit {

inline constexpr const char* kPrintedDigits =
    "the mistake's fraction prints the claimed digits and the right one does not; a problem if the claim lies outside the right figure's "
    "95 % Wilson interval and has at least three decimals, else a doubt";
inline constexpr const char* kPrintedDigitsRate =
    "0 for a claim that is right; a wrong claim of d decimals agrees with one unrelated fraction by accident with probability below 10^-d "
    "per point of spread";

extern const Check kMetricOneHot, kMetricBinaryAccuracy, kMetricLabelShape, kMetricPercent, kMetricPartialBatch, kMetricDroppedRemainder,
    kMetricDenominator, kMetricTopK, kMetricMacroAverage;
extern const Check kSplitTrain, kSplitValidation, kSplitPooled, kSplitSubset, kSplitLeak, kSplitNearDuplicates, kSplitDuplicates;
extern const Check kDataClassMissing, kLabelsOrder, kLabelsOffset, kLabelsPermutation;
extern const Check kInputScale, kInputMeanStd, kInputChannelOrder, kInputLayout, kInputTruncatedQuantization;
extern const Check kNoiseWithinSamplingError, kNoiseEquivalent, kNoiseUnderpowered, kGranularityImpossible;
extern const Check kTrainingNotConverged, kTrainingExtraEpochs, kTrainingOverfit, kTrainingBatchNormState, kTrainingRangeNotConverged;
extern const Check kQuantExpectedError, kQuantSaturation, kQuantDeadChannels, kQuantLayerSqnr, kQuantConstantOutput, kQuantFlipsByClass;
extern const Check kRuntimeArithmeticProfile, kRuntimeMismatch;
extern const Check kReportIdenticalFigures, kReportSumMismatch, kReportNotReproducible;

}  // namespace liteqat::audit
