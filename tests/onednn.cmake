# What oneDNN itself says that it runs, on a golden file.
file(GLOB onednn_files "${uml_shared_dir}/reference/release/*_48x64_*")
if(TARGET uml_onednn AND onednn_files)
    add_test(NAME onednn.steady
        COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/onednn/steady" $<TARGET_FILE:uml-parity> ${onednn_files})
    set_tests_properties(onednn.steady PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
endif()
