# uml-familiarity: what the shipped weights say of strangers and of mildly changed slices, where the data are there.
if(TARGET uml-example-support)
    uml_program(uml-familiarity familiarity/main.cpp familiarity/strangers.cpp
        "${PROJECT_SOURCE_DIR}/examples/evaluate/dataset.cpp")
    target_link_libraries(uml-familiarity PRIVATE uml-example-support)
    target_include_directories(uml-familiarity PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/familiarity" "${PROJECT_SOURCE_DIR}/examples")
    if(EXISTS "${uml_shared_dir}/data/jcbtd/test/labels.csv")
        set(weights "${PROJECT_SOURCE_DIR}/weights/brain-mri-edge.safetensors")
        add_test(NAME familiarity.some COMMAND uml-familiarity "${weights}" "${uml_shared_dir}/data/jcbtd" test 2 5)
        set_tests_properties(familiarity.some PROPERTIES TIMEOUT 600 PROCESSORS 2 LABELS slow)
        add_test(NAME familiarity.all COMMAND uml-familiarity "${weights}" "${uml_shared_dir}/data/jcbtd" test 2)
        set_tests_properties(familiarity.all PROPERTIES TIMEOUT 900 PROCESSORS 2 LABELS long)
    endif()
endif()
