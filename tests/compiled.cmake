# uml::compiled against the headers alone, both in one program: the same bits. Not of a build for sanitizers, whose kernels have
# options of their own.
if(UML_COMPUTE_OPTIONS)
    return()
endif()
add_executable(uml-compiled-test compiled/compiled.cpp compiled/headers.cpp)
target_link_libraries(uml-compiled-test PRIVATE uml::compiled uml_dev_flags)
add_test(NAME compiled COMMAND uml-compiled-test "${PROJECT_SOURCE_DIR}/weights/brain-mri-edge.safetensors")
