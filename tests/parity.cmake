# uml-parity (uml-parity.cpp or parity/*.cpp) and one ctest entry per way of running it over the golden files.
file(GLOB parity_sources CONFIGURE_DEPENDS parity/*.cpp uml-parity.cpp uml_parity.cpp)
if(NOT parity_sources)
    return()
endif()
uml_program(uml-parity ${parity_sources})

# uml_parity_test(NAME FILES OPTION...): FILES is a pattern below reference/. Exit code 3 (not available on this machine)
# counts as skipped.
function(uml_parity_test name pattern)
    file(GLOB files "${uml_shared_dir}/reference/${pattern}")
    if(files)
        add_test(NAME parity.${name} COMMAND uml-parity ${ARGN} ${files})
        set_tests_properties(parity.${name} PROPERTIES SKIP_RETURN_CODE 3 TIMEOUT 600 PROCESSORS 2)
    endif()
endfunction()
