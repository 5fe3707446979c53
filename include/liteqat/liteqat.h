/* liteqat's runtime for C and other languages: load a .tflite, fill the inputs, invoke, read the outputs. Results equal TensorFlow Lite's
 * bit for bit, whatever the number of threads. Nothing throws, prints or exits; every fault is a code and a sentence.
 *
 * A model is used by one thread at a time; several models may run at once. liteqat_invoke allocates nothing. Structs may be zeroed. */
#ifndef LITEQAT_LITEQAT_H
#define LITEQAT_LITEQAT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum liteqat_code {
  LITEQAT_OK = 0,
  LITEQAT_INVALID_ARGUMENT = 1, /* what the caller passed */
  LITEQAT_CORRUPT_FILE = 2,     /* not a .tflite, or a damaged one */
  LITEQAT_UNSUPPORTED = 3,      /* well-formed, but outside what is implemented; the sentence names operator and index */
  LITEQAT_NOT_FOUND = 4,
  LITEQAT_IO = 5,
  LITEQAT_OUT_OF_RANGE = 6, /* a value in the file, or memory that this machine does not give */
  LITEQAT_MISMATCH = 7,     /* parts of the file that must agree do not */
  LITEQAT_INTERNAL = 8      /* our own fault */
} liteqat_code;

typedef enum liteqat_type {
  LITEQAT_FLOAT32 = 0,
  LITEQAT_FLOAT16 = 1,
  LITEQAT_INT8 = 2,
  LITEQAT_UINT8 = 3,
  LITEQAT_INT16 = 4,
  LITEQAT_INT32 = 5,
  LITEQAT_INT64 = 6,
  LITEQAT_BOOL = 7
} liteqat_type;

typedef struct liteqat_model liteqat_model;

/* Zero or NULL members mean the default. */
typedef struct liteqat_options {
  int32_t batch;          /* first extent of the inputs with two axes or more (1); vectors and scalars stay */
  int32_t threads;        /* that one invoke computes with, the caller's included (1) */
  const char* isa;        /* "reference", "avx2", ...: instruction set to use (LITEQAT_ISA, else the best this CPU has) */
  const char* arithmetic; /* arithmetic profile ("litert-reference") */
  size_t max_memory;      /* bytes of activations and working memory above which loading fails (1 GiB) */
} liteqat_options;

/* A view of an input or output; valid until the model is resized or freed. */
typedef struct liteqat_tensor {
  const char* name;
  liteqat_type type;
  int32_t rank;
  const int32_t* shape; /* rank extents */
  void* data;           /* aligned to 64 bytes, little-endian, row by row; outputs are to be read only */
  size_t bytes;
  float scale; /* real = scale * (q - zero_point); 0 if the tensor is not quantized */
  int32_t zero_point;
} liteqat_tensor;

/* "0.1.0" */
const char* liteqat_version(void);

/* What went wrong in the last call of this thread that returned a code other than LITEQAT_OK: one sentence. */
const char* liteqat_last_error(void);

/* Loads a model and makes it ready to run. options may be NULL. On failure *model is NULL. The bytes may be freed afterwards. */
liteqat_code liteqat_load_file(const char* path, const liteqat_options* options, liteqat_model** model);
liteqat_code liteqat_load_memory(const void* bytes, size_t size, const liteqat_options* options, liteqat_model** model);
void liteqat_free(liteqat_model* model); /* NULL is allowed */

/* Another batch. On failure the model stays as it was. */
liteqat_code liteqat_resize(liteqat_model* model, int32_t batch);

size_t liteqat_input_count(const liteqat_model* model);
size_t liteqat_output_count(const liteqat_model* model);
/* Fails with LITEQAT_OUT_OF_RANGE for an index that is too large. */
liteqat_code liteqat_input(const liteqat_model* model, size_t index, liteqat_tensor* tensor);
liteqat_code liteqat_output(const liteqat_model* model, size_t index, liteqat_tensor* tensor);

/* Computes the outputs from the inputs. Fill the inputs before every call: their memory is used again. */
void liteqat_invoke(liteqat_model* model);

/* Memory of activations, and the kernels' working memory beside it. */
size_t liteqat_arena_bytes(const liteqat_model* model);
size_t liteqat_scratch_bytes(const liteqat_model* model);

#ifdef __cplusplus
}
#endif

#endif
