# What is made from the templates of pages, by tools/pagegen.

# bourse_pages(NAME name RULES header MESSAGES library TEMPLATES folder ASSETS file OUTPUT file-without-ending)
# Builds a pagegen_<name> for the messages of one .proto file, whose generated tables are in RULES and in the
# library MESSAGES, and has it make OUTPUT.h and OUTPUT.c. Sets <name>_pages to them in the caller's scope.
function(bourse_pages)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;RULES;MESSAGES;TEMPLATES;ASSETS;OUTPUT" "")
    add_executable(pagegen_${arg_NAME} ${PROJECT_SOURCE_DIR}/tools/pagegen/pagegen.c)
    target_compile_definitions(pagegen_${arg_NAME} PRIVATE
        PAGEGEN_RULES="${arg_RULES}" PAGEGEN_NAME="${arg_NAME}" PAGEGEN_MESSAGES=${arg_NAME}_messages)
    target_link_libraries(pagegen_${arg_NAME} PRIVATE ${arg_MESSAGES} bourse_template bourse_options)
    file(GLOB templates CONFIGURE_DEPENDS ${arg_TEMPLATES}/*.html)
    add_custom_command(OUTPUT ${arg_OUTPUT}.h ${arg_OUTPUT}.c
        COMMAND pagegen_${arg_NAME} ${arg_TEMPLATES} ${arg_ASSETS} ${arg_OUTPUT}
        DEPENDS pagegen_${arg_NAME} ${templates} ${arg_ASSETS}
        COMMENT "Compiling the pages of ${arg_NAME}" VERBATIM)
    set(${arg_NAME}_pages ${arg_OUTPUT}.h ${arg_OUTPUT}.c PARENT_SCOPE)
endfunction()
