#include "kernels/lookup/lookup.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::lookup {
namespace {

using namespace kernels::testing;

/// Every implementation on counts around the widths of vectors, into other memory and in place.
void expect_looked_up(const Table& table, Rng& rng, const char* what) {
  const Map map = make_map(table);
  for (const size_t count : {1, 2, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000}) {
    std::vector<uint8_t> codes(count), expected(count);
    for (size_t at = 0; at < count; ++at) {
      codes[at] = static_cast<uint8_t>(count == 1000 ? at : rng.next_below(256));  // all codes among them
      expected[at] = table[codes[at]];
    }
    for (Isa isa : supported_isas()) {
      const LookupKernel& kernel = find_lookup_kernel(isa);
      GuardedBuffer<uint8_t> input(codes), output(count);
      kernel.run(map, static_cast<int64_t>(count), input.data(), output.data());
      ASSERT_EQ(output.values(), expected) << what << " " << kernel.isa_name << " " << count;
      kernel.run(map, static_cast<int64_t>(count), input.data(), input.data());
      ASSERT_EQ(input.values(), expected) << what << " " << kernel.isa_name << " " << count << " in place";
    }
  }
}

TEST(Lookup, EveryKernelEqualsTheTable) {
  Rng rng(1);
  for (int sample = 0; sample < 40; ++sample) {
    Table table;
    for (uint8_t& entry : table) entry = static_cast<uint8_t>(rng.next_below(256));
    EXPECT_FALSE(make_map(table).is_clamp);
    expect_looked_up(table, rng, "random");
  }
}

TEST(Lookup, BoundsOnCodesAreRecognised) {
  Rng rng(2);
  for (int sample = 0; sample < 60; ++sample) {
    const int32_t low = random_between(rng, -128, 127), high = random_between(rng, low, 127);
    const int flips = sample % 4;
    Table table;
    for (int32_t bits = 0; bits < 256; ++bits) {
      const int32_t code = static_cast<int8_t>(bits ^ (flips % 2 * 0x80));
      table[static_cast<size_t>(bits)] = static_cast<uint8_t>(std::clamp(code, low, high) ^ (flips / 2 * 0x80));
    }
    EXPECT_TRUE(make_map(table).is_clamp);
    expect_looked_up(table, rng, "bound");
    table[rng.next_below(256)] ^= 1;  // one entry beside the bound: a table again
    expect_looked_up(table, rng, "almost a bound");
  }
}

TEST(Lookup, TheStrongestSupportedKernelIsChosen) {
  EXPECT_STREQ(find_lookup_kernel(Isa::kReference).isa_name, "reference");
  for (Isa isa : supported_isas()) EXPECT_LE(find_lookup_kernel(isa).isa, isa);
#if defined(__x86_64__)
  EXPECT_STREQ(find_lookup_kernel(Isa::kAvx512Vnni).isa_name, "avx512");
#endif
}

}  // namespace
}  // namespace liteqat::kernels::lookup
