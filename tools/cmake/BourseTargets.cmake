# The three shapes of target in the tree.

# bourse_library(NAME SOURCES a.c ... HEADERS a.h ... [USES libraries ...])
# A static library of lib/NAME, included as "NAME/header.h"; each header must compile alone.
function(bourse_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;USES")
    add_library(bourse_${name} STATIC ${arg_SOURCES})
    target_sources(bourse_${name} PUBLIC FILE_SET HEADERS
        BASE_DIRS ${PROJECT_SOURCE_DIR}/lib FILES ${arg_HEADERS})
    target_link_libraries(bourse_${name} PUBLIC ${arg_USES} PRIVATE bourse_options)
endfunction()

# bourse_test(FILE [USES libraries ...] [LABELS labels ...] [TIMEOUT seconds])
# The unit tests in FILE.c beside the code, one program and one CTest test of its name, without the folder.
function(bourse_test file)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "USES;LABELS;SOURCES")
    if(NOT BUILD_TESTING)
        return()
    endif()
    if(NOT arg_LABELS)
        set(arg_LABELS unit)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    get_filename_component(name ${file} NAME)
    add_executable(${name} ${file}.c ${arg_SOURCES})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE ${arg_USES} PkgConfig::CMOCKA bourse_options)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()

# bourse_service(NAME SOURCES ... USES ...)
# The program bourse-NAME of services/NAME, with its migrations compiled in when it has any.
function(bourse_service name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES")
    add_library(bourse_${name}_parts STATIC ${arg_SOURCES})
    target_include_directories(bourse_${name}_parts PUBLIC ${PROJECT_SOURCE_DIR}/services/${name})
    target_link_libraries(bourse_${name}_parts PUBLIC bourse_service ${arg_USES} PRIVATE bourse_options)
    add_executable(bourse-${name} main.c)
    # The generated server calls the service's functions, and they use the generated clients.
    target_link_libraries(bourse-${name} PRIVATE
        -Wl,--start-group bourse_${name}_parts bourse_proto -Wl,--end-group bourse_few_threads bourse_options)
    set_target_properties(bourse-${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
    install(TARGETS bourse-${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    file(GLOB migrations CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/schema/*.sql)
    if(migrations)
        bourse_embed_migrations(${name} ${migrations})
    endif()
endfunction()

# Writes <name>_migrations.c with `const struct migration <name>_migrations[]` and its count.
function(bourse_embed_migrations name)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}_migrations.c)
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DNAME=${name} "-DFILES=${ARGN}" -DOUTPUT=${output}
                -P ${PROJECT_SOURCE_DIR}/tools/cmake/EmbedMigrations.cmake
        DEPENDS ${ARGN} ${PROJECT_SOURCE_DIR}/tools/cmake/EmbedMigrations.cmake
        VERBATIM)
    target_sources(bourse_${name}_parts PRIVATE ${output})
endfunction()
