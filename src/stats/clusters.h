// Answers on images that are not independent: a picture and its copies (mirrored, shifted) form a cluster, and only clusters are
// independent of each other. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "stats/intervals.h"
#include "stats/paired_power.h"

namespace liteqat::stats {

/// One picture and its copies: a sum over them (right answers, or those of one model less those of another) and how many they are.
struct Cluster {
  int64_t sum = 0, total = 0;
};

/// Mean over all images with the variance that independent clusters leave it: a ratio of sums, linearised, with the factor m / (m - 1).
/// Source: J. N. K. Rao, A. J. Scott, A simple method for the analysis of clustered binary data, Biometrics 48 (1992) 577-585, section 2.
struct ClusteredMean {
  double value = 0, variance = 0;
  int64_t clusters = 0, total = 0;
};
/// Requires: at least two clusters, every total > 0.
ClusteredMean clustered_mean(std::span<const Cluster> clusters);

struct ClusteredProportion {
  double value = 0;
  Bounds interval = {0, 1};
  double design_effect = 1;    // variance over that of as many independent images, at least 1; 1: copies are as good as new images
  double effective_total = 0;  // total / design_effect: as many independent images say as much
};

/// Wilson's interval at the effective number of images (Rao and Scott as above), that number less by the square of z over Student's t with
/// one degree of freedom fewer than clusters, because the design effect is estimated too (E. L. Korn, B. I. Graubard, Confidence intervals
/// for proportions with small expected number of positive counts estimated from survey data, Survey Methodology 24 (1998) 193-201). Where
/// all or none are right nothing can be estimated: copies then count as nothing. Requires: as clustered_mean, 0 <= sum <= total.
ClusteredProportion clustered_proportion(std::span<const Cluster> clusters, double level);

struct ClusteredDifference {
  ClusteredMean mean;
  Bounds interval = {-1, 1};
  double p = 1;              // two-sided, of no difference
  double equivalence_p = 1;  // TOST: the larger of both one-sided p at the margin
};

/// Of two models on the same clusters: sum is the images that a alone gets right less those that b alone gets right. Student's t with one
/// degree of freedom fewer than clusters. Without any variance p is 1 for a difference of 0, else 0. Requires: as clustered_mean;
/// 0 < margin < 1.
ClusteredDifference clustered_difference(std::span<const Cluster> clusters, double level, double margin);

/// Clusters of the same make at which the difference `gap` is seen: (z_alpha + z_power)^2 times one cluster's share of the variance over
/// gap^2, rounded up. Empty for a gap or a variance of 0. Source: A. Donner, N. Klar, Design and Analysis of Cluster Randomization Trials
/// in Health Research (2000), chapter 5.
std::optional<int64_t> clusters_needed(const ClusteredMean& difference, double gap, const PowerGoal& goal);

/// The smallest gap these clusters show; empty without variance.
std::optional<double> smallest_clustered_gap(const ClusteredMean& difference, const PowerGoal& goal);

}  // namespace liteqat::stats
