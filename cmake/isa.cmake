# Instruction-set files are recognised by name (x86_avx2.cc, x86_avx512.cc, x86_avx512vnni.cc, arm_neondot.cc) and are the only ones with such flags.
# Each becomes an object library of its own; tools/check_symbols looks at what it exports.
set(LITEQAT_ISA_FLAGS_x86_avx2 -mavx2 -mfma)
set(LITEQAT_ISA_FLAGS_x86_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512)
set(LITEQAT_ISA_FLAGS_x86_avx512vnni ${LITEQAT_ISA_FLAGS_x86_avx512} -mavx512vnni)
set(LITEQAT_ISA_FLAGS_arm_neondot -march=armv8.2-a+dotprod)

# The sets of the architecture that is built for; files of others are left out.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(LITEQAT_ISA_FILES "/x86_[a-z0-9]+\\.cc$")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(LITEQAT_ISA_FILES "/arm_[a-z0-9]+\\.cc$")
else()
  set(LITEQAT_ISA_FILES "^$")
endif()

function(liteqat_isa_object file out_target)
  get_filename_component(_isa ${file} NAME_WE)
  if(NOT DEFINED LITEQAT_ISA_FLAGS_${_isa})
    message(FATAL_ERROR "${file}: no flags are known for instruction set '${_isa}' (cmake/isa.cmake)")
  endif()
  file(RELATIVE_PATH _relative ${CMAKE_SOURCE_DIR}/src ${file})
  string(REPLACE "/" "_" _name ${_relative})
  string(REPLACE ".cc" "" _name ${_name})
  set(_target isa_${_name})
  add_library(${_target} OBJECT ${file})
  target_include_directories(${_target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  # The installed library is kept small where a better set usually stands above.
  set(_optimize -O3)
  if(NOT _relative MATCHES "/train/" AND _isa MATCHES "^x86_avx(2|512)$")
    set(_optimize -O2)
  endif()
  target_compile_options(${_target} PRIVATE ${LITEQAT_ISA_FLAGS_${_isa}} $<$<CONFIG:Release>:${_optimize}>)
  target_link_libraries(${_target} PRIVATE liteqat_build_flags)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${_target} PRIVATE -Wno-maybe-uninitialized -Wno-uninitialized)  # false positives inside avx512fintrin.h, GCC bug 105593
  endif()
  set(${out_target} ${_target} PARENT_SCOPE)
endfunction()
