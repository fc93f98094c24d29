/* The library from C, and from any language that calls C: load a weights file, run pictures, read the answer.
   Functions return 0 (UML_OK) or the kind of failure, and say it in words in `error`, which may be null. Structs carry
   their size, set by the caller (`uml_answer a = {sizeof a};`), so that later versions can append members.
   Any number of threads may call at the same time, each with a workspace of its own. What is freed is freed once, a
   workspace before its model, and not while another thread uses it. */
#ifndef UML_H
#define UML_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
    #define UML_API
#else
    #define UML_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum { /* uml::errc */
       UML_OK = 0,
       UML_CANNOT_READ = 1,
       UML_MALFORMED = 2,
       UML_UNSUPPORTED = 3,
       UML_WRONG_NETWORK = 4,
       UML_WRONG_CONFIG = 5,
       UML_MISSING_TENSOR = 6,
       UML_UNKNOWN_TENSOR = 7,
       UML_WRONG_SHAPE = 8,
       UML_NOT_FINITE = 9,
       UML_OUT_OF_MEMORY = 10,
       UML_TOO_SMALL = 11,
       UML_SELF_CHECK = 12,
       UML_INVALID_ARGUMENT = 13,
       UML_DEVICE = 14,
       UML_CANCELLED = 15
};

enum { /* uml::trust::verdict */
       UML_ACCEPTED = 0,
       UML_UNCERTAIN = 1,
       UML_UNFAMILIAR = 2
};

typedef struct uml_model uml_model;         /* a network with its weights; any number of threads may use one */
typedef struct uml_workspace uml_workspace; /* one thread's memory, of one model, which must outlive it; for one thread
                                               at a time */

typedef struct uml_error {
    size_t struct_size;
    int code;
    char what[384]; /* one sentence, ended by 0 */
} uml_error;

typedef struct uml_options {
    size_t struct_size;
    int skip_self_check;     /* 0: the weights' own check runs */
    int64_t max_arena_bytes; /* 0: the library's limit; the file may not ask for more; below 0 is refused */
} uml_options;

typedef struct uml_model_info {
    size_t struct_size;
    int height, width, channels; /* of the picture that it takes: channels, or 1 */
    int classes, regions;
    float image_vacuity, pixel_vacuity; /* thresholds of calibration: what is above them goes to a human */
    float image_distance;               /* likewise, of familiarity; 0: kinds of pictures are not checked */
} uml_model_info;

typedef struct uml_picture {
    size_t struct_size;
    const void* pixels; /* height x width x channels; floats at a multiple of 4 */
    int is_float;       /* 0: 8 bits, 0..255; 1: floats, 0..1 */
    int height, width, channels;
    int64_t row_bytes; /* from a row to the next; 0: rows without gaps */
} uml_picture;

/* Valid until the workspace's next run. A number k of the pixel (y, x) is at [(y * width + x) * step + k]. */
typedef struct uml_answer {
    size_t struct_size;
    int classes, predicted; /* 0 and -1 if the network does not classify */
    int accepted;           /* 1: certain enough to be used without a human */
    float vacuity;
    const float* class_alpha; /* classes numbers */
    int height, width, regions;
    const float* region_logits; /* regions numbers a pixel; the mask is the largest, the first of equals */
    int64_t region_logits_step;
    const float* pixel_vacuity; /* 1 number a pixel, 0..1 */
    int64_t pixel_vacuity_step;
    int verdict;       /* UML_ACCEPTED, UML_UNCERTAIN, UML_UNFAMILIAR: class and mask mean nothing then */
    int kind_checked;  /* 0: the weights cannot tell kinds of pictures, and nothing says that this is one they know */
    float familiarity; /* distance from the pictures of training over its limit: above 1 unfamiliar; 0 if not checked */
    const char* verdict_text; /* "accepted", "refer to a human", "unfamiliar (...)"; says so where the kind was not
                                 checked; for ever */
} uml_answer;

UML_API const char* uml_version(void);

/* `options` may be null. Gives *model, which uml_model_free ends; null is left where it fails. */
UML_API int uml_model_load(const char* path, const uml_options* options, uml_model** model, uml_error* error);
UML_API void uml_model_free(uml_model* model); /* null is allowed */
UML_API int uml_model_describe(const uml_model* model, uml_model_info* info, uml_error* error);
/* Names from the weights; empty if there is none of that number. As long as the model lives. */
UML_API const char* uml_class_name(const uml_model* model, int number);
UML_API const char* uml_region_name(const uml_model* model, int number);

UML_API int uml_workspace_make(const uml_model* model, uml_workspace** workspace, uml_error* error);
UML_API void uml_workspace_free(uml_workspace* workspace); /* null is allowed */

/* The picture has the model's height and width. Allocates nothing. */
UML_API int uml_run(uml_workspace* workspace, const uml_picture* picture, uml_answer* answer, uml_error* error);

#ifdef __cplusplus
}
#endif

#endif
