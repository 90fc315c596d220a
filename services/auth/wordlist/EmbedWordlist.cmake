# Puts the table of common passwords into auth: a package's list, fetched by npm and made into a sorted table
# by tools/wordlist. Nothing of it is in the repository.

find_program(NPM npm)
if(NOT NPM)
    message(FATAL_ERROR "npm is missing: it fetches the list of common passwords. Install the Debian package npm.")
endif()

set(wordlist_source ${CMAKE_CURRENT_LIST_DIR})
# Fewer mean that the package has changed its form.
set(wordlist_least 30000)

# auth_embed_wordlist(SOURCE): compiles the table into SOURCE, whose macro WORDLIST_FILE is the table's path.
function(auth_embed_wordlist source)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/wordlist)
    set(package ${folder}/node_modules/@zxcvbn-ts/language-common)
    set(list ${package}/src/passwords.json)
    set(inputs ${wordlist_source}/package.json ${wordlist_source}/package-lock.json ${wordlist_source}/.npmrc)
    file(MAKE_DIRECTORY ${folder})

    add_custom_command(OUTPUT ${list} ${package}/LICENSE.txt
        COMMAND ${CMAKE_COMMAND} -E copy ${inputs} ${folder}
        COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
        COMMAND ${CMAKE_COMMAND} -E touch ${list} ${package}/LICENSE.txt
        DEPENDS ${inputs}
        WORKING_DIRECTORY ${folder}
        COMMENT "Fetching the list of common passwords by npm" VERBATIM)
    add_custom_command(OUTPUT ${folder}/words
        COMMAND wordlist ${list} ${wordlist_least} ${folder}/words
        DEPENDS wordlist ${list} VERBATIM)
    set_source_files_properties(${source} PROPERTIES
        COMPILE_DEFINITIONS "WORDLIST_FILE=\"${folder}/words\"" OBJECT_DEPENDS ${folder}/words)
    # The list's licence asks to be passed on with it.
    install(FILES ${package}/LICENSE.txt DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LICENSE.common-passwords)
endfunction()
