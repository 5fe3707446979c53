// Runs a .tflite with one quantized input and output on raw input bytes: classify MODEL.tflite INPUT.raw
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "liteqat/liteqat.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: classify MODEL.tflite INPUT.raw\n"), 2;
  auto model = liteqat::Model::from_file(argv[1]);
  if (!model) return std::fprintf(stderr, "%s\n", liteqat_last_error()), 3;

  std::ifstream file(argv[2], std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  const auto input = model->input<char>();
  if (bytes.size() != input.size())
    return std::fprintf(stderr, "%s: expected %zu bytes, found %zu\n", argv[2], input.size(), bytes.size()), 3;
  std::ranges::copy(bytes, input.begin());
  model->invoke();

  const liteqat_tensor output = model->output_tensor();
  const auto codes = model->output<int8_t>();
  for (size_t i = 0; i < codes.size(); ++i) {
    const int code = output.type == LITEQAT_UINT8 ? static_cast<uint8_t>(codes[i]) : codes[i];
    std::printf("%zu %d %g\n", i, code, static_cast<double>(output.scale) * (code - output.zero_point));
  }
}
