#include "train/classifier_dropout.h"

#include "quant/weights.h"

namespace liteqat::train {

Result<DropoutOptions> make_classifier_dropout(const graph::Graph& model, float rate, uint64_t seed, int64_t steps_done) {
  DropoutOptions options{.places = {}, .seed = seed, .steps_done = steps_done};
  if (!(rate >= 0 && rate < 1)) return error(Code::kOutOfRange, "the dropout rate is {}, expected a number in [0, 1)", rate);
  if (rate == 0) return options;
  int32_t producer = model.find_producer(model.outputs[0]);
  while (producer >= 0 && !quant::has_weights(model.ops[static_cast<size_t>(producer)].kind)) {
    producer = model.find_producer(model.ops[static_cast<size_t>(producer)].inputs[0]);
  }
  if (producer < 0)
    return error(Code::kUnsupported, "dropout needs a convolution or dense layer in front of the output, the network has none");
  options.places.push_back({model.ops[static_cast<size_t>(producer)].inputs[0], rate});
  return options;
}

}  // namespace liteqat::train
