# C++ from the two FlatBuffers schemas in third_party/. flatc 2.0.8 does not know `(deprecated)` on an enum value or a union member, which
# the TFLite schema uses for REDUCE_WINDOW and ReduceWindowOptions: a copy in the build folder drops it there, nowhere else.
set(_generated ${CMAKE_BINARY_DIR}/generated)
set(_schema ${CMAKE_SOURCE_DIR}/third_party/tflite_schema/schema.fbs)
set(_metadata ${CMAKE_SOURCE_DIR}/third_party/tflite_metadata_schema/metadata_schema.fbs)
set(_patched ${_generated}/tflite_schema.fbs)

file(READ ${_schema} _text)
string(REPLACE "REDUCE_WINDOW = 205 (deprecated)" "REDUCE_WINDOW = 205" _text "${_text}")
string(REPLACE "  ReduceWindowOptions (deprecated)," "  ReduceWindowOptions," _text "${_text}")
file(CONFIGURE OUTPUT ${_patched} CONTENT "${_text}" @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${_schema})

add_custom_command(
  OUTPUT ${_generated}/tflite_schema_generated.h ${_generated}/metadata_schema_generated.h
  COMMAND ${FLATC_PROGRAM} --cpp --gen-object-api -o ${_generated} ${_patched}
  COMMAND ${FLATC_PROGRAM} --cpp --gen-object-api -o ${_generated} ${_metadata}
  DEPENDS ${_patched} ${_metadata}
  COMMENT "flatc: TFLite schemas")
add_custom_target(liteqat_schema_headers DEPENDS ${_generated}/tflite_schema_generated.h ${_generated}/metadata_schema_generated.h)

# The same schema in binary form, for tests that walk a model's tables (tests/tools/model_mutations.h).
set(LITEQAT_TFLITE_BINARY_SCHEMA ${_generated}/tflite_schema.bfbs)
add_custom_command(OUTPUT ${LITEQAT_TFLITE_BINARY_SCHEMA} COMMAND ${FLATC_PROGRAM} --binary --schema -o ${_generated} ${_patched} DEPENDS ${_patched}
  COMMENT "flatc: TFLite schema in binary form")
add_custom_target(liteqat_binary_schema DEPENDS ${LITEQAT_TFLITE_BINARY_SCHEMA})

add_library(liteqat_schemas INTERFACE)
target_include_directories(liteqat_schemas SYSTEM INTERFACE ${_generated})
target_link_libraries(liteqat_schemas INTERFACE flatbuffers::flatbuffers)
add_dependencies(liteqat_schemas liteqat_schema_headers)
