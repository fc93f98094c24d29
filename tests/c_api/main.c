/* The C API from C: a picture's answer, and errors in words. Arguments: a weights file. */
#include "uml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(x)                                                                                                       \
    do {                                                                                                               \
        if (!(x)) {                                                                                                    \
            printf("line %d: %s; last error: %s\n", __LINE__, #x, error.what);                                         \
            return 1;                                                                                                  \
        }                                                                                                              \
    } while (0)

int main(int argc, char** argv) {
    uml_error error = {sizeof error, 0, ""};
    uml_model* model = NULL;
    uml_workspace* workspace = NULL;
    uml_model_info info = {sizeof info};
    uml_options options = {sizeof options, 0, 1000};
    uml_picture picture = {sizeof picture};
    uml_answer answer = {sizeof answer};
    unsigned char* pixels = NULL;
    int i;
    CHECK(argc == 2);
    CHECK(strlen(uml_version()) >= 5);

    CHECK(uml_model_load("no/such/file", NULL, &model, &error) == UML_CANNOT_READ && model == NULL);
    CHECK(strcmp(error.what, "no/such/file: cannot be opened: there is no such file") == 0 &&
          error.code == UML_CANNOT_READ);
    CHECK(uml_model_load(NULL, NULL, &model, &error) == UML_INVALID_ARGUMENT);
    CHECK(uml_model_load(argv[1], NULL, NULL, NULL) == UML_INVALID_ARGUMENT);
    CHECK(uml_model_load(argv[1], &options, &model, &error) == UML_WRONG_CONFIG && model == NULL);
    options.max_arena_bytes = -1;
    CHECK(uml_model_load(argv[1], &options, &model, &error) == UML_INVALID_ARGUMENT && model == NULL);
    CHECK(strcmp(error.what, "options: max_arena_bytes is -1, below 0") == 0);
    options.max_arena_bytes = INT64_MAX;
    options.struct_size = sizeof options.struct_size - 1; /* not set */
    CHECK(uml_model_load(argv[1], &options, &model, &error) == UML_INVALID_ARGUMENT && model == NULL);
    options.struct_size = offsetof(uml_options, max_arena_bytes); /* a program of a version without that member */
    CHECK(uml_model_load(argv[1], &options, &model, &error) == UML_OK && model != NULL);
    CHECK(uml_model_describe(model, &info, &error) == UML_OK);
    CHECK(info.height == 256 && info.width == 256 && info.channels == 1 && info.classes == 3 && info.regions == 2);
    CHECK(strlen(uml_class_name(model, 0)) > 0 && strcmp(uml_class_name(model, 99), "") == 0);
    CHECK(strlen(uml_region_name(model, 1)) > 0);
    CHECK(strcmp(uml_class_name(model, -1), "") == 0 && strcmp(uml_region_name(model, 2147483647), "") == 0);
    CHECK(strcmp(uml_class_name(NULL, 0), "") == 0 && strcmp(uml_region_name(NULL, 0), "") == 0);
    CHECK(uml_model_describe(NULL, &info, &error) == UML_INVALID_ARGUMENT);
    CHECK(uml_model_describe(model, NULL, &error) == UML_INVALID_ARGUMENT);
    info.struct_size = 0;
    CHECK(uml_model_describe(model, &info, NULL) == UML_INVALID_ARGUMENT);
    error.struct_size = sizeof(size_t); /* as sizeof of a pointer: nothing is written behind it */
    error.code = -7;
    CHECK(uml_model_describe(model, &info, &error) == UML_INVALID_ARGUMENT && error.code == -7);
    error.struct_size = sizeof error;
    CHECK(uml_workspace_make(NULL, &workspace, &error) == UML_INVALID_ARGUMENT && workspace == NULL);
    CHECK(uml_workspace_make(model, NULL, &error) == UML_INVALID_ARGUMENT);
    CHECK(uml_run(NULL, &picture, &answer, &error) == UML_INVALID_ARGUMENT);

    CHECK(uml_workspace_make(model, &workspace, &error) == UML_OK);
    CHECK(uml_run(workspace, &picture, &answer, &error) == UML_INVALID_ARGUMENT);
    CHECK(strcmp(error.what, "picture: no pixels") == 0);
    pixels = malloc(256 * 256);
    for (i = 0; i < 256 * 256; ++i) pixels[i] = (unsigned char)(i % 251);
    picture.pixels = pixels, picture.height = 256, picture.width = 255, picture.channels = 1;
    CHECK(uml_run(workspace, &picture, &answer, &error) == UML_WRONG_SHAPE);
    picture.width = 256;
    picture.row_bytes = INT64_MAX;
    CHECK(uml_run(workspace, &picture, &answer, &error) == UML_INVALID_ARGUMENT);
    CHECK(strcmp(error.what, "picture: 256 rows of 9223372036854775807 bytes are more than a memory can have") == 0);
    picture.row_bytes = -256;
    CHECK(uml_run(workspace, &picture, &answer, &error) == UML_INVALID_ARGUMENT);
    picture.is_float = 1, picture.row_bytes = 0, picture.height = picture.width = picture.channels = -2147483647 - 1;
    CHECK(uml_run(workspace, &picture, &answer, &error) == UML_WRONG_SHAPE);
    picture.height = picture.width = 256, picture.channels = 1, picture.pixels = pixels + 1;
    CHECK(uml_run(workspace, &picture, &answer, &error) == UML_INVALID_ARGUMENT);
    CHECK(strcmp(error.what, "picture: floats begin at an address that is no multiple of 4") == 0);
    picture.is_float = 0, picture.pixels = pixels;
    CHECK(uml_run(workspace, NULL, &answer, &error) == UML_INVALID_ARGUMENT);
    CHECK(uml_run(workspace, &picture, NULL, &error) == UML_INVALID_ARGUMENT);
    CHECK(strcmp(error.what, "answer is null, or its struct_size is not set") == 0);
    answer.struct_size = offsetof(uml_answer, height); /* an older program's: nothing behind it is written */
    answer.height = -7;
    CHECK(uml_run(workspace, &picture, &answer, &error) == UML_OK);
    CHECK(answer.height == -7 && answer.classes == 3 && answer.struct_size == offsetof(uml_answer, height));
    answer.struct_size = sizeof answer;
    CHECK(uml_run(workspace, &picture, &answer, &error) == UML_OK);
    CHECK(answer.classes == 3 && answer.predicted >= 0 && answer.predicted < 3);
    CHECK(answer.vacuity > 0 && answer.vacuity <= 1);
    CHECK(answer.vacuity * (answer.class_alpha[0] + answer.class_alpha[1] + answer.class_alpha[2]) > 2.999f);
    CHECK(answer.height == 256 && answer.width == 256 && answer.regions == 2);
    CHECK(answer.region_logits != NULL && answer.region_logits_step >= 2);
    CHECK(answer.pixel_vacuity[100 * answer.pixel_vacuity_step] > 0);
    CHECK(info.image_distance > 0 && answer.kind_checked == 1 && answer.familiarity > 1); /* stripes are no slice */
    CHECK(answer.verdict == UML_UNFAMILIAR && answer.accepted == 0);
    CHECK(strncmp(answer.verdict_text, "unfamiliar", 10) == 0);
    printf("class %d, vacuity %.9g, first logit %.9g\n", answer.predicted, answer.vacuity, answer.region_logits[0]);
    uml_workspace_free(workspace);
    uml_workspace_free(NULL);
    uml_model_free(model);
    uml_model_free(NULL);
    free(pixels);
    return 0;
}
