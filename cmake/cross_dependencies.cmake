# What the runtime's modules need where Debian's libraries are for another architecture: fmt as headers, GoogleTest from its sources.
find_package(Threads REQUIRED)

# The package's folder alone: all of /usr/include would hide the target's C library.
find_path(LITEQAT_FMT_INCLUDE fmt/format.h PATHS /usr/include NO_CMAKE_FIND_ROOT_PATH REQUIRED)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include)
file(CREATE_LINK ${LITEQAT_FMT_INCLUDE}/fmt ${CMAKE_BINARY_DIR}/include/fmt SYMBOLIC)
add_library(liteqat_fmt_headers INTERFACE)
target_include_directories(liteqat_fmt_headers SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/include)
target_compile_definitions(liteqat_fmt_headers INTERFACE FMT_HEADER_ONLY=1)

set(LITEQAT_LIBRARY_fmt liteqat_fmt_headers)
set(LITEQAT_LIBRARY_threads Threads::Threads)

if(LITEQAT_TESTS)
  add_subdirectory(/usr/src/googletest ${CMAKE_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
endif()
