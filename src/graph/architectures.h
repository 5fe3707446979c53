// Networks by name, built with fresh weights that are a pure function of the seed (Keras initializers: glorot uniform kernels unless the
// network's reference draws otherwise, zero bias). Float training graphs: batch norm, ReLU and softmax are operators of their own.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace liteqat::graph {

struct ArchitectureOptions {
  std::string name;  // one of architecture_names()
  int32_t height = 28, width = 28, channels = 1, classes = 10;
  float alpha = 1.0f;                 // width multiplier where the network has one
  float batch_norm_momentum = 0.99f;  // Keras' sense
  float batch_norm_epsilon = 1e-3f;
  std::vector<int32_t> dense_units{};  // mobilenet_v2_keras: hidden dense layers with ReLU between pooling and classifier
  bool softmax = false;                // mobilenet_v2_keras: ends in probabilities instead of logits
  uint64_t seed = 0;
};

/// mnist_guide: TensorFlow's "Quantization aware training in Keras example" (20,410 parameters at 28x28).
/// mnist_small: own network for MNIST, convolutions with batch norm and depthwise-separable blocks.
/// mobilenet_v2_keras: keras.applications' topology, global pooling, dense logits. case_study: the same, Dense 2048 ReLU, Dense softmax.
/// mobilenet_v2_cifar: MobileNetV2 with the strides that CIFAR's 32x32 images need (87.98 M multiply-accumulates), logits.
/// resnet8: MLPerf Tiny's image classification network, softmax.
/// torchvision_mobilenet_v2, torchvision_resnet18, 34 and 50: torchvision's networks under its module names ("features.1.conv.0.0",
/// "layer1.0.conv1", "fc"), padded symmetrically as PyTorch pads, logits; alpha scales the ResNets' widths too.
/// gated_small: own network for small images: dilated convolutions side by side, hard swish, squeeze-and-excite, logits.
std::vector<std::string> architecture_names();

/// torchvision's module for a layer of keras.applications' MobileNetV2 ("block_1_expand_BN" -> "features.2.conv.0.1"); empty for any other
/// name.
std::string torchvision_module(const std::string& keras_layer);

/// Input "input" [1,H,W,C] float32; output "logits" or "probabilities" [1,classes].
/// Fails: kInvalidArgument for an unknown name (the nearest known one is named), kUnsupported for sizes the network cannot take.
Result<Graph> make_architecture(const ArchitectureOptions& options);

}  // namespace liteqat::graph
