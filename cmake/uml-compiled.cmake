# uml::compiled: the code that uml/compiled.hpp declares, as a static library of the project that uses it, so that compiler,
# flags and library always fit. Built only where a target links it.
if(CMAKE_CXX_COMPILER_LOADED AND NOT TARGET uml::compiled)
    add_library(uml_compiled STATIC EXCLUDE_FROM_ALL "${uml_compiled_source}")
    add_library(uml::compiled ALIAS uml_compiled)
    target_link_libraries(uml_compiled PUBLIC uml::uml)
    set_target_properties(uml_compiled PROPERTIES POSITION_INDEPENDENT_CODE ON)
    # Kernels are of no use unoptimised: a debug build of the program keeps its speed.
    target_compile_options(uml_compiled PRIVATE $<$<AND:$<CONFIG:,Debug>,$<NOT:$<CXX_COMPILER_ID:MSVC>>>:-O2>)
endif()
