# Runs pagegen on testdata/good and testdata/faulty: the first is compiled and rendered by pagegen_test.c,
# of the second must be said what is in testdata/faulty/said; and a file that no page names is a fault.
#
#   cmake -DPAGEGEN=... -DSOURCE=.../testdata -DWORK=dir -P pagegen_test.cmake

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK}/unused)

function(expect folder expected_said)
    execute_process(COMMAND ${PAGEGEN} ${folder} ${SOURCE}/assets ${WORK}/pages
        RESULT_VARIABLE status ERROR_VARIABLE said)
    string(REPLACE "${folder}/" "" said "${said}")
    if(NOT status EQUAL 1 OR NOT said STREQUAL expected_said)
        message(SEND_ERROR "${folder}: status ${status}\nsaid:\n${said}\nexpected:\n${expected_said}")
    endif()
    if(EXISTS ${WORK}/pages.c)
        message(SEND_ERROR "${folder}: something was written")
    endif()
endfunction()

file(READ ${SOURCE}/faulty/said expected)
expect(${SOURCE}/faulty "${expected}")

file(WRITE ${WORK}/unused/shop.html "<p>{{note}}</p>\n")
file(WRITE ${WORK}/unused/lost.html "<p></p>\n")
expect(${WORK}/unused
    "lost.html:1: this is no page, as there is no message of that name, and no page names it\n")

file(MAKE_DIRECTORY ${WORK}/nothing)
expect(${WORK}/nothing "the caller:1: there is no file shop.html\n")
