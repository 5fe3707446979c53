# What other programs link: liteqat::liteqat, loading and running .tflite files and nothing else (no training, no oneDNN, no JSON). One
# library made of the objects of the modules below; static, or shared with BUILD_SHARED_LIBS, which shows the functions of
# include/liteqat/liteqat.h only. Installed with a CMake package and a pkg-config file.
include(CMakePackageConfigHelpers)

set(_modules base numeric graph kernels formats_tflite runtime api)
# Parts of these modules that serve training and writing.
set(_left_out "/kernels/train/|/graph/(architectures|builder|mobilenet_v2|mnist_networks|resnet8)\\.cc|/tflite/(writer|write_options)\\.cc")
set(_objects "")
foreach(_module IN LISTS _modules)
  list(APPEND _objects "$<FILTER:$<TARGET_OBJECTS:liteqat_${_module}>,EXCLUDE,${_left_out}>")
  get_target_property(_isa_objects liteqat_${_module} LITEQAT_ISA_OBJECTS)
  if(_isa_objects)
    list(FILTER _isa_objects EXCLUDE REGEX "^isa_kernels_train_")
    foreach(_isa_object IN LISTS _isa_objects)
      list(APPEND _objects $<TARGET_OBJECTS:${_isa_object}>)
    endforeach()
  endif()
endforeach()

# liteqat_make_library(TARGET [STATIC|SHARED])
function(liteqat_make_library target)
  add_library(${target} ${ARGN} ${_objects})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME liteqat EXPORT_NAME liteqat LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} INTERFACE cxx_std_20)  # liteqat.hpp; the C header needs none
  target_link_libraries(${target} PRIVATE fmt::fmt ZLIB::ZLIB Threads::Threads)
  get_target_property(_type ${target} TYPE)
  if(_type STREQUAL "SHARED_LIBRARY")
    target_link_options(${target} PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/liteqat.map -Wl,--gc-sections)
    set_property(TARGET ${target} PROPERTY LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/liteqat.map)
  endif()
endfunction()

liteqat_make_library(liteqat_library)
if(LITEQAT_TESTS AND NOT BUILD_SHARED_LIBS)
  liteqat_make_library(liteqat_shared_library SHARED)  # for tests only; not installed
endif()

set(_package ${CMAKE_INSTALL_LIBDIR}/cmake/liteqat)
install(TARGETS liteqat_library EXPORT liteqat)
install(EXPORT liteqat FILE liteqat-targets.cmake NAMESPACE liteqat:: DESTINATION ${_package})
install(DIRECTORY include/liteqat DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

get_target_property(_type liteqat_library TYPE)
set(LITEQAT_PACKAGE_STATIC OFF)
set(_pc_libs "-lliteqat")
set(_pc_requires "")
if(_type STREQUAL "STATIC_LIBRARY")
  set(LITEQAT_PACKAGE_STATIC ON)
  set(_pc_libs "-lliteqat -lstdc++ -lm -pthread")  # a C program links with cc
  set(_pc_requires "fmt zlib")
endif()
configure_package_config_file(cmake/liteqat-config.cmake.in ${CMAKE_BINARY_DIR}/liteqat-config.cmake INSTALL_DESTINATION ${_package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/liteqat-config-version.cmake COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH _pc_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)  # the installed tree may be moved
configure_file(cmake/liteqat.pc.in ${CMAKE_BINARY_DIR}/liteqat.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/liteqat-config.cmake ${CMAKE_BINARY_DIR}/liteqat-config-version.cmake DESTINATION ${_package})
install(FILES ${CMAKE_BINARY_DIR}/liteqat.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
