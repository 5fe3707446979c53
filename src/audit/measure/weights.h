// What an operator's constants say: an integer model's weights and biases beside its float twin's, and how many codes each channel uses.
#pragma once

#include "audit/evidence.h"

namespace liteqat::audit {

/// Under one scale for all channels, one whose largest weight is at most this many codes from zero has lost four of its eight bits.
inline constexpr int64_t kNarrowCodes = 7;

/// Rounding to nearest leaves every weight within half a step of its code; float32 quotients of up to 127 steps are exact to 1e-5 of one.
inline constexpr double kHalfStep = 0.501;

/// Rounding that lets later weights make up for earlier ones (GPTQ, AdaRound) keeps the scale, at which the largest weight is code 127, and
/// nearly all weights within a step: three quarters of a channel are asked. Training moves the largest weight: by more than this part of a
/// step unless it moves next to nothing.
inline constexpr double kLargestOff = 0.01, kWithinAStep = 0.75;

/// Of an operator whose weights are the twin's rounded, all channels say so; of one that was trained further by a few steps about half
/// (docs/decisions/0054).
inline constexpr double kRoundedShare = 0.9;

/// The twin is of the same training: where weights can be compared, those of the median operator are the twin's, rounded to codes.
bool same_training(const LayerStudy& study);

/// Of the model's operator `op` and the same operator of the twin. Nothing for operators without weights.
/// `own_weights`: the twin's constants are the model's own, so that there is nothing to compare.
std::optional<WeightNoise> compare_weights(const graph::Graph& model, const graph::Op& op, const graph::Graph& twin,
                                           const graph::Op& twin_op, bool own_weights);

}  // namespace liteqat::audit
