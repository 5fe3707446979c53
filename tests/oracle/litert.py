"""LiteRT as an oracle: runs a .tflite with its reference kernels (or its default, XNNPACK) over stacked inputs, raw in and out."""
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

RESOLVERS = {"reference": OpResolverType.BUILTIN_REF, "xnnpack": OpResolverType.AUTO}


def run(model, inputs, resolver="reference"):
    """inputs: [N, ...one input without its batch axis], already in the model's input type. Returns [N, ...one output without its batch axis]."""
    interpreter = Interpreter(model_path=str(model), num_threads=1, experimental_op_resolver_type=RESOLVERS[resolver])
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert inputs.dtype == source["dtype"], f"inputs are {inputs.dtype}, the model takes {source['dtype']}"
    outputs = []
    for one in inputs:
        interpreter.set_tensor(source["index"], one.reshape(source["shape"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target["index"])[0].copy())
    return np.array(outputs)
