#include <array>

#include "audit/checks/all.h"

namespace liteqat::audit {
namespace {

// The order within one verdict: what is wrong with the images and labels explains everything after it; then what explains a figure; then
// what the model itself suffers from; then what only doubts.
constexpr std::array kAll = {
    &kLabelsOffset,
    &kLabelsPermutation,
    &kLabelsOrder,
    &kMetricOneHot,
    &kMetricLabelShape,
    &kMetricPercent,
    &kMetricTopK,
    &kMetricBinaryAccuracy,
    &kSplitTrain,
    &kSplitPooled,
    &kSplitValidation,
    &kMetricPartialBatch,
    &kMetricDroppedRemainder,
    &kMetricMacroAverage,
    &kInputChannelOrder,
    &kInputScale,
    &kInputMeanStd,
    &kInputLayout,
    &kInputTruncatedQuantization,
    &kMetricDenominator,
    &kSplitSubset,
    &kSplitLeak,
    &kSplitNearDuplicates,
    &kDataClassMissing,
    &kTrainingBatchNormState,
    &kTrainingRangeNotConverged,
    &kQuantSaturation,
    &kQuantDeadChannels,
    &kQuantLayerSqnr,
    &kQuantConstantOutput,
    &kRuntimeMismatch,
    &kQuantExpectedError,
    &kRuntimeArithmeticProfile,
    &kGranularityImpossible,
    &kReportSumMismatch,
    &kReportNotReproducible,
    &kTrainingExtraEpochs,
    &kTrainingNotConverged,
    &kTrainingOverfit,
    &kNoiseUnderpowered,
    &kNoiseWithinSamplingError,
    &kNoiseEquivalent,
    &kQuantFlipsByClass,
    &kReportIdenticalFigures,
    &kSplitDuplicates,
};

}  // namespace

std::span<const Check* const> all_checks() {
  return kAll;
}

}  // namespace liteqat::audit
