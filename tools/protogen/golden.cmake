# Runs the generator on testdata/ and compares: what it writes for vault.proto with testdata/expected,
# and what it says about each of testdata/faulty with the lines "// protogen: ..." at that file's end.
#
#   cmake -DPROTOC=... -DPROTOGEN=... -DIMPORTS=dir;dir -DSOURCE=.../testdata -DWORK=dir [-DUPDATE=ON] -P golden.cmake
#
# UPDATE writes both anew; read the difference before committing it.

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
list(TRANSFORM IMPORTS PREPEND -I)
set(failures 0)

# Generates from `files` below `root` into `output`; sets `status` and `said`.
function(generate root output)
    execute_process(
        COMMAND ${PROTOC} -I${root} ${IMPORTS} --descriptor_set_out=${WORK}/set.bin --include_imports
                --include_source_info ${ARGN}
        WORKING_DIRECTORY ${root} RESULT_VARIABLE result ERROR_VARIABLE errors)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "protoc refuses ${ARGN}: ${errors}")
    endif()
    execute_process(
        COMMAND ${PROTOGEN} --descriptors ${WORK}/set.bin --output ${output} ${ARGN}
        RESULT_VARIABLE result ERROR_VARIABLE errors)
    set(status ${result} PARENT_SCOPE)
    set(said "${errors}" PARENT_SCOPE)
endfunction()

macro(fail)
    message(SEND_ERROR ${ARGN})
    math(EXPR failures "${failures} + 1")
endmacro()

generate(${SOURCE} ${WORK}/good vault.proto)
if(NOT status EQUAL 0)
    fail("vault.proto is refused: ${said}")
endif()
# The table of reasons is lib/base's, and grows without changing the generator.
file(READ ${WORK}/good/openapi.json text)
string(REGEX REPLACE "(A stable name that programs can match)[^\n]*" "\\1\"," text "${text}")
file(WRITE ${WORK}/good/openapi.json "${text}")
file(GLOB_RECURSE written RELATIVE ${WORK}/good ${WORK}/good/*.c ${WORK}/good/*.h ${WORK}/good/*.json)
file(GLOB_RECURSE expected RELATIVE ${SOURCE}/expected ${SOURCE}/expected/*)
if(UPDATE)
    file(REMOVE_RECURSE ${SOURCE}/expected)
    foreach(name IN LISTS written)
        get_filename_component(folder ${SOURCE}/expected/${name} DIRECTORY)
        file(COPY ${WORK}/good/${name} DESTINATION ${folder})
    endforeach()
elseif(NOT written STREQUAL expected)
    fail("written: ${written}\nexpected: ${expected}")
else()
    foreach(name IN LISTS written)
        file(SHA256 ${WORK}/good/${name} is)
        file(SHA256 ${SOURCE}/expected/${name} should_be)
        if(NOT is STREQUAL should_be)
            execute_process(COMMAND diff -u ${SOURCE}/expected/${name} ${WORK}/good/${name})
            fail("${name} is not as expected")
        endif()
    endforeach()
endif()

# The same input gives the same bytes.
generate(${SOURCE} ${WORK}/again vault.proto)
list(REMOVE_ITEM written openapi.json)
foreach(name IN LISTS written)
    file(SHA256 ${WORK}/good/${name} one)
    file(SHA256 ${WORK}/again/${name} other)
    if(NOT one STREQUAL other)
        fail("${name} differs from one run to the next")
    endif()
endforeach()

# Compares what is said about the files of one case with the lines at the end of the first.
function(check_faulty root)
    generate(${root} ${WORK}/faulty ${ARGN})
    list(GET ARGN 0 first)
    file(READ ${root}/${first} text)
    string(REPLACE ";" "<semicolon>" text "${text}")
    string(REPLACE ";" "<semicolon>" said "${said}")
    if(UPDATE)
        string(REGEX REPLACE "// protogen: [^\n]*\n" "" text "${text}")
        string(REGEX REPLACE "([^\n]+\n)" "// protogen: \\1" lines "${said}")
        string(REPLACE "<semicolon>" ";" text "${text}${lines}")
        file(WRITE ${root}/${first} "${text}")
        return()
    endif()
    string(REGEX MATCHALL "// protogen: [^\n]*\n" lines "${text}")
    list(JOIN lines "" lines)
    string(REPLACE "// protogen: " "" lines "${lines}")
    if(NOT status EQUAL 1 OR lines STREQUAL "" OR NOT said STREQUAL lines)
        message(SEND_ERROR "${first}: status ${status}\nsaid:\n${said}\nexpected:\n${lines}")
    endif()
endfunction()

file(GLOB cases RELATIVE ${SOURCE}/faulty ${SOURCE}/faulty/*.proto)
foreach(case IN LISTS cases)
    check_faulty(${SOURCE}/faulty ${case})
endforeach()
check_faulty(${SOURCE}/faulty/same_name one.proto two.proto)
