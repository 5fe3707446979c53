# Compile flags of our own code. Contraction is off everywhere: a fused multiply-add changes float results, and with them codes.
add_library(liteqat_build_flags INTERFACE)
target_compile_options(liteqat_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -ffp-contract=off -fno-math-errno
  -ffunction-sections -fdata-sections)  # so that a program that links the runtime drops what it does not call
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(liteqat_build_flags INTERFACE -Wno-restrict)  # false positives on std::string concatenation, GCC bug 105651
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  # Instrumented code keeps branches that the optimizer otherwise removes; GCC's manual warns of false positives under -fsanitize.
  target_compile_options(liteqat_build_flags INTERFACE -Wno-maybe-uninitialized)
endif()
if(LITEQAT_WERROR)
  target_compile_options(liteqat_build_flags INTERFACE -Werror)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers are cached only where ccache may trust their macros; by depend mode a file that is not cached is parsed once, not twice.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_DEPEND=1 CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()
