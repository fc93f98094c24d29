# uml_embed_weights: weights linked into a program, prepared while building and used in place: no heap, no file, no copy.
set(UML_HOST_CXX "" CACHE FILEPATH "Compiler for this machine (GCC or Clang), for the tool that prepares weights; empty: CMake's own, or c++ where CMake's is a cross compiler")
mark_as_advanced(UML_HOST_CXX)

# The network that a weights file says it is for, as a C++ type.
function(uml_network_of_weights file out)
    file(READ "${file}" hex LIMIT 8 HEX)
    string(REGEX REPLACE "(..)(..)(..)(..)(..)(..)(..)(..)" "0x\\8\\7\\6\\5\\4\\3\\2\\1" length "${hex}")
    math(EXPR length "${length}")
    file(READ "${file}" header OFFSET 8 LIMIT ${length})
    string(JSON label ERROR_VARIABLE plain GET "${header}" __metadata__ uml.network)
    if(plain)
        message(FATAL_ERROR "uml_embed_weights: ${file} does not say which network it is for: give NETWORK")
    endif()
    string(JSON config GET "${header}" __metadata__ uml.config)
    set(fields)
    foreach(key IN ITEMS height width regions classes channels_in channel_divisor stem_stride)
        string(JSON value ERROR_VARIABLE absent GET "${config}" ${key})
        if(NOT absent)
            list(APPEND fields ".${key} = ${value}")
        endif()
    endforeach()
    list(JOIN fields ", " fields)
    set(${out} "uml::networks::${label}<uml::config{${fields}}>" PARENT_SCOPE)
endfunction()

# uml_embed_weights(TARGET target WEIGHTS file.safetensors [NAME name] [NETWORK type] [BACKEND value] [INCLUDE header...])
#
# Gives TARGET a header NAME.hpp with a namespace NAME: the type `network`, the value `backend`, `prepared()`, and `use()`, which
# returns the model. NAME: by default the file's name, with _ for what no C++ name can have. NETWORK: by default what the file
# says; a network of your own is declared in the headers INCLUDE. BACKEND: by default uml::cpu{}.
# The file may be made by another target of the same folder if NETWORK is given.
function(uml_embed_weights)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;WEIGHTS;NAME;NETWORK;BACKEND" "INCLUDE")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_TARGET OR NOT arg_WEIGHTS)
        message(FATAL_ERROR "uml_embed_weights(TARGET target WEIGHTS file [NAME name] [NETWORK type] [BACKEND value] [INCLUDE header...])")
    endif()
    cmake_path(ABSOLUTE_PATH arg_WEIGHTS NORMALIZE)
    if(NOT arg_NAME)
        cmake_path(GET arg_WEIGHTS STEM LAST_ONLY arg_NAME)
        string(MAKE_C_IDENTIFIER "${arg_NAME}" arg_NAME)
    endif()
    if(NOT arg_NETWORK)
        if(NOT EXISTS "${arg_WEIGHTS}" OR IS_DIRECTORY "${arg_WEIGHTS}")
            message(FATAL_ERROR "uml_embed_weights: there is no weights file ${arg_WEIGHTS}; if the build makes it, give NETWORK")
        endif()
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${arg_WEIGHTS}")
        uml_network_of_weights("${arg_WEIGHTS}" arg_NETWORK)
    endif()
    if(NOT arg_BACKEND)
        set(arg_BACKEND "uml::cpu{}")
    endif()
    set(host "${UML_HOST_CXX}")
    if(NOT host AND CMAKE_CROSSCOMPILING)
        find_program(UML_FOUND_HOST_CXX NAMES c++ g++ clang++ NO_CMAKE_FIND_ROOT_PATH)
        mark_as_advanced(UML_FOUND_HOST_CXX)
        set(host "${UML_FOUND_HOST_CXX}")
    elseif(NOT host)
        set(host "${CMAKE_CXX_COMPILER}")
    endif()
    if(NOT host OR MSVC)
        message(FATAL_ERROR "uml_embed_weights: needs GCC or Clang on this machine; UML_HOST_CXX can name it")
    endif()

    set(UML_EMBED_INCLUDES)
    foreach(header IN LISTS arg_INCLUDE)
        cmake_path(ABSOLUTE_PATH header NORMALIZE)
        string(APPEND UML_EMBED_INCLUDES "#include \"${header}\"\n")
    endforeach()
    set(UML_EMBED_NAME "${arg_NAME}")
    set(UML_EMBED_NETWORK "${arg_NETWORK}")
    set(UML_EMBED_BACKEND "${arg_BACKEND}")
    cmake_path(GET arg_WEIGHTS FILENAME UML_EMBED_WEIGHTS)
    set(dir "${CMAKE_CURRENT_BINARY_DIR}/uml-embed/${arg_TARGET}")
    set(stem "${dir}/${arg_NAME}")
    configure_file("${CMAKE_CURRENT_FUNCTION_LIST_DIR}/uml-prepare.cpp.in" "${stem}.prepare.cpp" @ONLY)
    configure_file("${CMAKE_CURRENT_FUNCTION_LIST_DIR}/uml-embedded.hpp.in" "${stem}.hpp" @ONLY)

    set(include_dirs "$<TARGET_PROPERTY:uml::uml,INTERFACE_INCLUDE_DIRECTORIES>")
    add_custom_command(OUTPUT "${stem}.prepare" DEPENDS "${stem}.prepare.cpp" DEPFILE "${stem}.prepare.d"
        COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} "${host}" -std=c++20 -O2
            "$<$<BOOL:${include_dirs}>:-I$<JOIN:${include_dirs},;-I>>"
            -MD -MF "${stem}.prepare.d" -MT "${stem}.prepare" -c "${stem}.prepare.cpp" -o "${stem}.prepare.o"
        COMMAND "${host}" "${stem}.prepare.o" -o "${stem}.prepare"
        COMMENT "Building the tool that prepares ${UML_EMBED_WEIGHTS}" COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_command(OUTPUT "${stem}.cpp" BYPRODUCTS "${stem}.prepared" DEPENDS "${stem}.prepare" "${arg_WEIGHTS}"
        COMMAND "${stem}.prepare" "${arg_WEIGHTS}" "${stem}.prepared" "${stem}.cpp"
        COMMENT "Preparing ${UML_EMBED_WEIGHTS}" VERBATIM)
    target_sources(${arg_TARGET} PRIVATE "${stem}.cpp")
    # The compiler's dependencies do not show what the assembler reads.
    set_source_files_properties("${stem}.cpp" PROPERTIES OBJECT_DEPENDS "${stem}.prepared")
    target_include_directories(${arg_TARGET} PRIVATE "${dir}")
    target_link_libraries(${arg_TARGET} PRIVATE uml::uml)
endfunction()
