// How often a sound run may be accused: the one place that splits that rate over the tests of an audit.
#pragma once

namespace liteqat::audit {

/// At most one sound run in a thousand may get a `problem` by chance, whatever the number of models.
inline constexpr double kFamilyRate = 1e-3;

/// Tests with a random outcome in one audit that may say `problem`, bounded from above: per integer model eleven input variants and one
/// comparison with its float twin (shared by quant.* and training.range_not_converged: one event), per set two for near duplicates and
/// empty classes. Eighty models stay below. Exact checks (copies, impossible digits, sums, records) cannot be wrong by chance and count
/// nothing.
inline constexpr int kMostTests = 1000;

/// Bonferroni over them: every random test of a `problem` is made at this level.
inline constexpr double kProblemP = kFamilyRate / kMostTests;

/// A gap must also matter: 2 points. What costs less is not a mistake that someone would look for.
inline constexpr double kProblemGap = 0.02;

/// Random tests of a `doubt`, each for itself; where one check tests several pairs they are adjusted (Holm).
inline constexpr double kDoubtP = 1e-3;

}  // namespace liteqat::audit
