# What is made from .proto files: the messages by protoc-c, everything else by tools/protogen.

find_path(PROTOBUF_INCLUDE_DIR google/protobuf/descriptor.proto REQUIRED)
find_path(PROTOBUF_C_INCLUDE_DIR protobuf-c/protobuf-c.proto REQUIRED)

# bourse_generate(ROOT folder OUTPUT folder FILES a.proto ... [ARGUMENTS ...] [PARTS rules methods ...] [EXTRA files])
# Generates from ROOT/a.proto into OUTPUT; ARGUMENTS and EXTRA are protogen's and the files they make
# it write besides the PARTS of each .proto. Sets in the caller's scope:
# generated_messages (a.pb-c.c), generated_<part> (a_<part>.c) and generated_headers.
function(bourse_generate)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "ROOT;OUTPUT" "FILES;ARGUMENTS;PARTS;EXTRA")
    set(imports -I${arg_ROOT} -I${PROJECT_SOURCE_DIR}/proto -I${PROTOBUF_INCLUDE_DIR} -I${PROTOBUF_C_INCLUDE_DIR})
    list(TRANSFORM arg_FILES PREPEND ${arg_ROOT}/ OUTPUT_VARIABLE sources)
    list(TRANSFORM arg_FILES REPLACE "\\.proto$" "" OUTPUT_VARIABLE stems)
    list(TRANSFORM stems PREPEND ${arg_OUTPUT}/)
    list(APPEND sources ${PROJECT_SOURCE_DIR}/proto/bourse/options.proto
        ${PROJECT_SOURCE_DIR}/proto/google/api/annotations.proto)
    file(MAKE_DIRECTORY ${arg_OUTPUT})

    list(TRANSFORM stems APPEND .pb-c.c OUTPUT_VARIABLE messages)
    list(TRANSFORM stems APPEND .pb-c.h OUTPUT_VARIABLE headers)
    set(written ${messages} ${headers})
    set(generated_messages ${messages} PARENT_SCOPE)

    foreach(part IN LISTS arg_PARTS)
        list(TRANSFORM stems APPEND _${part}.c OUTPUT_VARIABLE part_sources)
        list(TRANSFORM stems APPEND _${part}.h OUTPUT_VARIABLE part_headers)
        list(APPEND written ${part_sources} ${part_headers})
        list(APPEND headers ${part_headers})
        set(generated_${part} ${part_sources} PARENT_SCOPE)
    endforeach()
    set(generated_headers ${headers} PARENT_SCOPE)

    set(descriptors ${arg_OUTPUT}/descriptors.bin)
    add_custom_command(OUTPUT ${written} ${arg_EXTRA}
        COMMAND ${PROTOC} ${imports} --descriptor_set_out=${descriptors} --include_imports
                --include_source_info ${arg_FILES}
        COMMAND protogen --descriptors ${descriptors} --output ${arg_OUTPUT} ${arg_ARGUMENTS} ${arg_FILES}
        COMMAND ${PROTOC_C} --descriptor_set_in=${arg_OUTPUT}/messages.bin --c_out=${arg_OUTPUT} ${arg_FILES}
        DEPENDS protogen ${sources}
        BYPRODUCTS ${descriptors} ${arg_OUTPUT}/messages.bin
        WORKING_DIRECTORY ${arg_ROOT}
        COMMENT "Generating messages and tables of ${arg_FILES}" VERBATIM)
endfunction()
