// The functions behind architectures.h, one file per family. Options are checked for range by make_architecture, not here.
#pragma once

#include "graph/architectures.h"
#include "graph/builder.h"

namespace liteqat::graph {

Result<Graph> make_mnist_guide(const ArchitectureOptions& options, GraphBuilder& builder);
Result<Graph> make_mnist_small(const ArchitectureOptions& options, GraphBuilder& builder);
Result<Graph> make_mobilenet_v2_keras(const ArchitectureOptions& options, GraphBuilder& builder);
Result<Graph> make_case_study(const ArchitectureOptions& options, GraphBuilder& builder);
Result<Graph> make_mobilenet_v2_cifar(const ArchitectureOptions& options, GraphBuilder& builder);
Result<Graph> make_gated_small(const ArchitectureOptions& options, GraphBuilder& builder);
Result<Graph> make_torchvision_mobilenet_v2(const ArchitectureOptions& options, GraphBuilder& builder);
Result<Graph> make_torchvision_resnet18(const ArchitectureOptions& options, GraphBuilder& builder);
Result<Graph> make_torchvision_resnet34(const ArchitectureOptions& options, GraphBuilder& builder);
Result<Graph> make_torchvision_resnet50(const ArchitectureOptions& options, GraphBuilder& builder);
Result<Graph> make_resnet8(const ArchitectureOptions& options, GraphBuilder& builder);

}  // namespace liteqat::graph
