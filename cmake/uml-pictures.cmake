# The libraries that the example programs read pictures with. stb_image is enough; each of these is better at its format.
set(UML_PICTURE_LIBRARIES "libspng;libjpeg-turbo;libtiff" CACHE STRING
    "Libraries to read pictures with where they are found; empty: stb_image alone, the smallest build")
mark_as_advanced(UML_PICTURE_LIBRARIES)

add_library(uml_picture_libraries INTERFACE)

# uml_picture_library(NAME DEFINITION HEADER LIBRARY HINT)
function(uml_picture_library name definition header library hint)
    if(NOT name IN_LIST UML_PICTURE_LIBRARIES)
        return()
    endif()
    find_path(${definition}_INCLUDE_DIR ${header})
    find_library(${definition}_LIBRARY NAMES ${library})
    mark_as_advanced(${definition}_INCLUDE_DIR ${definition}_LIBRARY)
    if(${definition}_INCLUDE_DIR AND ${definition}_LIBRARY)
        target_include_directories(uml_picture_libraries SYSTEM INTERFACE "${${definition}_INCLUDE_DIR}")
        target_link_libraries(uml_picture_libraries INTERFACE "${${definition}_LIBRARY}")
        target_compile_definitions(uml_picture_libraries INTERFACE ${definition}=1)
    else()
        uml_left_out("pictures read by ${name}" "${hint}")
    endif()
endfunction()

uml_picture_library(libspng UML_WITH_LIBSPNG spng.h spng "libspng (Debian: libspng-dev; vcpkg: libspng)")
uml_picture_library(libjpeg-turbo UML_WITH_TURBOJPEG turbojpeg.h turbojpeg
    "libjpeg-turbo with its own interface (Debian: libturbojpeg0-dev; vcpkg: libjpeg-turbo)")
uml_picture_library(libtiff UML_WITH_LIBTIFF tiffio.h tiff "libtiff (Debian: libtiff-dev; vcpkg: tiff)")
