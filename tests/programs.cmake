# The example programs. programs/*.cpp tests the code that they share, one ctest entry per file; programs/*.sh runs them as
# their users do: NAME.sh tests uml-NAME, exit code 77 counts as skipped.
if(TARGET uml-example-support)
    uml_test_folder(programs uml-program-tests uml-example-support)
endif()
file(GLOB program_scripts CONFIGURE_DEPENDS programs/*.sh)
foreach(script IN LISTS program_scripts)
    get_filename_component(stem "${script}" NAME_WE)
    if(TARGET uml-${stem})
        add_test(NAME programs.uml-${stem} COMMAND bash "${script}" $<TARGET_FILE:uml-${stem}> "${PROJECT_SOURCE_DIR}")
        set_tests_properties(programs.uml-${stem} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77 PROCESSORS 2)
    endif()
endforeach()
