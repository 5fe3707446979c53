// RESIZE_BILINEAR on NHWC as TFLite's reference kernels: float32 and uint8 in float32 (uint8 plus one half, cut), int8 and int16 with
// positions in 1024ths of a pixel and 20 fraction bits, rounded half away. Nearest neighbours are copies: nearest_position says from where.
// Exact. Output must not overlap input. Units: rows of output.
//
// TFLite's integer kernel rounds the step between outputs and can look beyond the input's last row where the output is more than 1000 times
// larger; that is a read outside its memory there and the last row here.
#pragma once

#include <cstdint>

#include "kernels/kernel.h"

namespace liteqat::kernels::resize {

struct Params {
  int32_t batch = 1, in_h = 1, in_w = 1, out_h = 1, out_w = 1, channels = 1;  // heights and widths at most 2^20
  bool align_corners = false, half_pixel_centers = false;

  int64_t out_rows() const { return int64_t{batch} * out_h; }
};

void bilinear_float32(const Params& params, Range rows, const float* input, float* output);
void bilinear_uint8(const Params& params, Range rows, const uint8_t* input, uint8_t* output);
void bilinear_int8(const Params& params, Range rows, const int8_t* input, int8_t* output);
void bilinear_int16(const Params& params, Range rows, const int16_t* input, int16_t* output);

/// Which of `in` positions output `position` of `out` copies.
int32_t nearest_position(int32_t position, int32_t in, int32_t out, bool align_corners, bool half_pixel_centers);

}  // namespace liteqat::kernels::resize
