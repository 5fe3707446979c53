// One constructor per operator family; make_step.cc chooses. Each requires an operator of its kind in a validated graph and fails with
// kUnsupported where the family cannot train a variant.
#pragma once

#include <memory>

#include "base/status.h"
#include "train/steps/step.h"

namespace liteqat::train {

using StepResult = Result<std::unique_ptr<Step>>;

StepResult make_linear_step(Workplace& place, int32_t op);        // CONV_2D, FULLY_CONNECTED, DEPTHWISE_CONV_2D
StepResult make_batch_norm_step(Workplace& place, int32_t op);    // BATCH_NORM
StepResult make_relu_step(Workplace& place, int32_t op);          // RELU, RELU6
StepResult make_add_step(Workplace& place, int32_t op);           // ADD
StepResult make_max_pool_step(Workplace& place, int32_t op);      // MAX_POOL_2D
StepResult make_average_pool_step(Workplace& place, int32_t op);  // AVERAGE_POOL_2D
StepResult make_mean_step(Workplace& place, int32_t op);          // MEAN over height and width
StepResult make_pad_step(Workplace& place, int32_t op);           // PAD of height and width
StepResult make_reshape_step(Workplace& place, int32_t op);       // RESHAPE
StepResult make_hard_swish_step(Workplace& place, int32_t op);    // HARD_SWISH
StepResult make_logistic_step(Workplace& place, int32_t op);      // LOGISTIC
StepResult make_multiply_step(Workplace& place, int32_t op);      // MUL of two activations, stretched over any axes but the batch
StepResult make_concatenate_step(Workplace& place, int32_t op);   // CONCATENATION along any axis but the batch
StepResult make_softmax_step(Workplace& place, int32_t op);       // SOFTMAX, forward only: the loss reads its input

}  // namespace liteqat::train
