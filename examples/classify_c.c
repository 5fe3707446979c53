/* Runs a .tflite with one quantized input and output on raw input bytes: classify_c MODEL.tflite INPUT.raw */
#include <stdio.h>

#include "liteqat/liteqat.h"

int main(int argc, char** argv) {
  liteqat_model* model = NULL;
  liteqat_options options = {.threads = 2};
  liteqat_tensor input, output;
  if (argc != 3) return fprintf(stderr, "usage: classify_c MODEL.tflite INPUT.raw\n"), 2;
  if (liteqat_load_file(argv[1], &options, &model) != LITEQAT_OK || liteqat_input(model, 0, &input) != LITEQAT_OK) {
    return fprintf(stderr, "%s\n", liteqat_last_error()), 3;
  }
  FILE* file = fopen(argv[2], "rb");
  if (file == NULL || fread(input.data, 1, input.bytes, file) != input.bytes) {
    return fprintf(stderr, "%s: expected %zu bytes\n", argv[2], input.bytes), 3;
  }
  fclose(file);
  liteqat_invoke(model);

  liteqat_output(model, 0, &output);
  for (size_t i = 0; i < output.bytes; ++i) {
    const int code = output.type == LITEQAT_UINT8 ? ((const uint8_t*)output.data)[i] : ((const int8_t*)output.data)[i];
    printf("%zu %d %g\n", i, code, (double)output.scale * (code - output.zero_point));
  }
  liteqat_free(model);
  return 0;
}
