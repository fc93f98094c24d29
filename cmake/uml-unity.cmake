# Several test files compiled as one, each in a namespace of its own, so that what they share (headers, networks, loading)
# is compiled once: a third to a half of the time. A file that includes too little still fails in the builds without it.

# uml_unity(OUT NAME SOURCE...): OUT is one source that includes these below the union of what they include, which makes the
# include lines inside a namespace mean nothing; so sources that define macros, and may do so for a header, are put beside
# it as they are, and so are those that replace operator new or specialise a template of the library. The target needs the
# sources' folder, and the one above it, among its include directories.
function(uml_unity out name)
    set(alone)
    set(together)
    set(heads "")
    set(bodies "")
    foreach(source IN LISTS ARGN)
        cmake_path(GET source PARENT_PATH folder)
        cmake_path(GET folder FILENAME folder)
        cmake_path(GET source FILENAME file)
        file(STRINGS "${source}" lines REGEX "^ *# *(define|undef) |operator new\\(|^template <>")
        if(lines)
            list(APPEND alone "${source}")
            continue()
        endif()
        list(APPEND together "${source}")
        # Conditions around includes come along; those around code are empty here.
        file(STRINGS "${source}" lines REGEX "^ *# *(if|ifdef|ifndef|elif|else|endif|include)")
        list(JOIN lines "\n" head)
        string(MAKE_C_IDENTIFIER "${file}" space)
        string(APPEND heads "${head}\n")
        string(APPEND bodies "namespace ${space} {\n#include \"${folder}/${file}\"\n}\n")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
    endforeach()
    list(LENGTH together count)
    if(count GREATER 1)
        set(together "${CMAKE_CURRENT_BINARY_DIR}/unity/${name}.cpp")
        file(CONFIGURE OUTPUT "${together}" CONTENT "${heads}${bodies}" @ONLY)
    endif()
    set(${out} ${alone} ${together} PARENT_SCOPE)
endfunction()
