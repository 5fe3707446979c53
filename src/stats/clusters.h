// Accuracy on images that are not independent: copies (mirrored, shifted) of one picture form a cluster. Pure functions.
#pragma once

#include <cstdint>
#include <span>

#include "stats/intervals.h"

namespace liteqat::stats {

/// One picture and its copies: how many of them are right.
struct Cluster {
  int64_t correct = 0, total = 0;
};

struct ClusteredProportion {
  double value = 0;
  Bounds interval = {0, 1};
  double design_effect = 1;  // variance over that of as many independent images; 1: copies are as good as new images
};

/// Ratio estimate over clusters with a normal interval from the between-cluster variance (linearised, with the factor m / (m - 1)).
/// Source: J. N. K. Rao, A. J. Scott, A simple method for the analysis of clustered binary data, Biometrics 48 (1992) 577-585, section 2.
/// Requires: at least two clusters, every total > 0.
ClusteredProportion clustered_proportion(std::span<const Cluster> clusters, double level);

}  // namespace liteqat::stats
