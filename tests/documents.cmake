# Every C++ block of the README and the documents, compiled and run with the shipped weights as its argument.
file(GLOB documents CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/*.md" "${PROJECT_SOURCE_DIR}/docs/*.md" "${PROJECT_SOURCE_DIR}/training/*.md")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${documents})
find_program(UML_BASH bash)
if(NOT UML_BASH)
    uml_left_out("the tests of the documents' code" "bash")
    return()
endif()
execute_process(COMMAND "${UML_BASH}" "${CMAKE_CURRENT_SOURCE_DIR}/documents/extract" "${CMAKE_CURRENT_BINARY_DIR}/documents" ${documents}
    OUTPUT_VARIABLE blocks OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" blocks "${blocks}")
foreach(block IN LISTS blocks)
    get_filename_component(stem "${block}" NAME_WE)
    # Compiled as a user would: none of our warnings, since a text for people may be shorter than code that ships.
    add_executable(uml-document-${stem} "${block}")
    target_link_libraries(uml-document-${stem} PRIVATE uml::uml $<TARGET_NAME_IF_EXISTS:Threads::Threads>)
    # A block with prepared weights gets them as its text says.
    file(STRINGS "${block}" embeds REGEX "#include \"brain_mri_edge.hpp\"")
    if(embeds)
        uml_embed_weights(TARGET uml-document-${stem} WEIGHTS "${PROJECT_SOURCE_DIR}/weights/brain-mri-edge.safetensors")
    endif()
    add_test(NAME documents.${stem} COMMAND uml-document-${stem} "${PROJECT_SOURCE_DIR}/weights/brain-mri-edge.safetensors")
endforeach()
