# The example programs. programs/*.cpp tests the code that they share, one ctest entry per file; programs/*.sh runs them as
# their users do: NAME.sh and NAME_MORE.sh test uml-NAME, exit code 77 counts as skipped.
if(TARGET uml-example-support)
    uml_test_folder(programs uml-program-tests uml-example-support)

    # What reads pictures once more with stb_image alone, as the smallest build has it: the same tests must hold.
    get_target_property(reading uml-example-reading SOURCES)
    set(beside output.cpp palette.cpp stop.cpp)
    list(TRANSFORM beside PREPEND "${PROJECT_SOURCE_DIR}/examples/support/")
    if(TARGET doctest::doctest)
        add_executable(uml-program-tests-stb programs/support_decode.cpp programs/support_jpeg.cpp
            programs/support_kinds.cpp programs/support_picture.cpp ${reading} ${beside})
        target_link_libraries(uml-program-tests-stb PRIVATE uml-test-main uml::uml doctest::doctest uml_dev_flags)
        target_include_directories(uml-program-tests-stb PRIVATE "${PROJECT_SOURCE_DIR}/examples" "${CMAKE_CURRENT_SOURCE_DIR}")
        target_include_directories(uml-program-tests-stb SYSTEM PRIVATE "${UML_STB_INCLUDE_DIR}")
        target_include_directories(uml-program-tests-stb PRIVATE "${PROJECT_BINARY_DIR}/paths")
        if(NOT MSVC)
            # stb_image copies nothing from nowhere, which the undefined-behaviour sanitizer minds.
            target_compile_options(uml-program-tests-stb PRIVATE -fno-sanitize=nonnull-attribute)
        endif()
        add_test(NAME programs.stb COMMAND uml-program-tests-stb --no-intro=true)
    endif()
endif()
file(GLOB program_scripts CONFIGURE_DEPENDS programs/*.sh)
foreach(script IN LISTS program_scripts)
    get_filename_component(stem "${script}" NAME_WE)
    string(REGEX REPLACE "_.*" "" program "${stem}")
    if(TARGET uml-${program})
        add_test(NAME programs.uml-${stem} COMMAND bash "${script}" $<TARGET_FILE:uml-${program}> "${PROJECT_SOURCE_DIR}")
        set_tests_properties(programs.uml-${stem} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
    endif()
endforeach()
