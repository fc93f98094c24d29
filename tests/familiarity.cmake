# uml-familiarity: what the shipped weights say of strangers and of mildly changed slices, where the data are there.
if(TARGET uml-example-support)
    uml_program(uml-familiarity familiarity/main.cpp familiarity/strangers.cpp
        "${PROJECT_SOURCE_DIR}/examples/evaluate/dataset.cpp")
    target_link_libraries(uml-familiarity PRIVATE uml-example-support)
    target_include_directories(uml-familiarity PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/familiarity" "${PROJECT_SOURCE_DIR}/examples")
    if(EXISTS "${uml_shared_dir}/data/jcbtd/test/labels.csv")
        add_test(NAME familiarity.shipped COMMAND uml-familiarity
            "${PROJECT_SOURCE_DIR}/weights/brain-mri-edge.safetensors" "${uml_shared_dir}/data/jcbtd" test 2)
        set_tests_properties(familiarity.shipped PROPERTIES TIMEOUT 900 PROCESSORS 2 LABELS slow)
    endif()
endif()
