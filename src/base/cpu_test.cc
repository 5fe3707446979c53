#include "base/cpu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"

namespace liteqat {
namespace {

using testing::HasSubstr;

constexpr Isa kAll[] = {Isa::kReference, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Vnni, Isa::kNeonDot};

/// Sets LITEQAT_ISA while alive and restores what was there.
class ForcedIsa {
 public:
  explicit ForcedIsa(const char* value) {
    if (const char* old = std::getenv("LITEQAT_ISA")) old_ = old;
    if (value == nullptr) {
      ::unsetenv("LITEQAT_ISA");
    } else {
      ::setenv("LITEQAT_ISA", value, 1);
    }
  }
  ForcedIsa(const ForcedIsa&) = delete;
  ForcedIsa& operator=(const ForcedIsa&) = delete;
  ~ForcedIsa() {
    if (old_) {
      ::setenv("LITEQAT_ISA", old_->c_str(), 1);
    } else {
      ::unsetenv("LITEQAT_ISA");
    }
  }

 private:
  std::optional<std::string> old_;
};

TEST(Cpu, ReferenceIsAlwaysSupportedAndSetsAreNested) {
  const auto supported = supported_isas();
  ASSERT_FALSE(supported.empty());
  EXPECT_EQ(supported.front(), Isa::kReference);
  EXPECT_TRUE(std::is_sorted(supported.begin(), supported.end()));
  for (Isa isa : kAll) EXPECT_EQ(isa_supported(isa), std::find(supported.begin(), supported.end(), isa) != supported.end());
  if (isa_supported(Isa::kAvx512Vnni)) {
    EXPECT_TRUE(isa_supported(Isa::kAvx512));
  }
  if (isa_supported(Isa::kAvx512)) {
    EXPECT_TRUE(isa_supported(Isa::kAvx2));
  }
}

// The system lists the flags it saves registers for under the same names, avx512_vnni apart.
TEST(Cpu, AgreesWithTheSystem) {
  const auto text = read_text_file("/proc/cpuinfo");
  if (!text.ok()) GTEST_SKIP() << "no /proc/cpuinfo";
  const size_t begin = text->find("flags");
  if (begin == std::string::npos) GTEST_SKIP() << "no flags in /proc/cpuinfo";
  const std::string flags = " " + text->substr(begin, text->find('\n', begin) - begin) + " ";
  if (isa_supported(Isa::kNeonDot)) GTEST_SKIP() << "an emulator shows the flags of the machine below it";
  const auto has = [&flags](const std::string& name) { return flags.find(" " + name + " ") != std::string::npos; };
  EXPECT_EQ(isa_supported(Isa::kAvx2), has("avx2") && has("fma"));
  EXPECT_EQ(isa_supported(Isa::kAvx512),
            has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl") && has("avx2") && has("fma"));
  EXPECT_EQ(isa_supported(Isa::kAvx512Vnni), isa_supported(Isa::kAvx512) && has("avx512_vnni"));
  EXPECT_EQ(cpu_flags().find("avx512vnni") != std::string::npos, has("avx512_vnni"));
  EXPECT_EQ(cpu_flags().find("avx2") != std::string::npos, has("avx2"));
}

TEST(Cpu, BestSetIsTheDefault) {
  for (const char* value : {static_cast<const char*>(nullptr), ""}) {
    const ForcedIsa forced(value);
    const auto isa = select_isa();
    ASSERT_TRUE(isa.ok());
    EXPECT_EQ(*isa, supported_isas().back());
  }
}

TEST(Cpu, EachSetCanBeForcedAndUnsupportedOnesAreErrors) {
  for (Isa isa : kAll) {
    const ForcedIsa forced(isa_name(isa));
    const auto selected = select_isa();
    if (isa_supported(isa)) {
      ASSERT_TRUE(selected.ok());
      EXPECT_EQ(*selected, isa);
    } else {
      EXPECT_EQ(selected.status().code(), Code::kInvalidArgument);
      EXPECT_THAT(selected.status().message(), HasSubstr("LITEQAT_ISA"));
    }
  }
}

TEST(Cpu, UnknownNamesAreErrorsThatListTheKnownOnes) {
  for (const char* name : {"avx", "AVX2", "avx2 ", "sse4.1", "avx512-vnni"}) {
    const ForcedIsa forced(name);
    const auto selected = select_isa();
    ASSERT_FALSE(selected.ok()) << name;
    EXPECT_EQ(selected.status().code(), Code::kInvalidArgument);
    EXPECT_THAT(selected.status().message(), HasSubstr(std::string("LITEQAT_ISA=") + name));
    for (Isa isa : kAll) EXPECT_THAT(selected.status().message(), HasSubstr(isa_name(isa)));
  }
}

TEST(Cpu, ModelIsOneLineOfText) {
  const std::string model = cpu_model();
  EXPECT_FALSE(model.empty());
  EXPECT_EQ(model.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace liteqat
