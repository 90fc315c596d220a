# Puts the files that browsers load into the gateway: styles and scripts of the pages (pages/assets), the chart
# and Swagger UI from npm, and the generated OpenAPI document, each also compressed. They are included by the
# assembler, byte for byte.

find_program(NPM npm)
if(NOT NPM)
    message(FATAL_ERROR "npm is missing: it fetches Swagger UI and the chart. Install the Debian package npm.")
endif()
find_program(GZIP gzip REQUIRED)

set(web_source ${CMAKE_CURRENT_LIST_DIR})

# gateway_embed_web(VARIABLE LIST): sets VARIABLE to the C file with the table of web_assets.h, and LIST to the
# file with a line "name address" for each that tools/pagegen reads.
function(gateway_embed_web variable list)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/web)
    set(modules ${folder}/node_modules)
    set(own docs.css docs.js index.html)
    set(fetched swagger-ui-dist/swagger-ui.css swagger-ui-dist/swagger-ui-bundle.js swagger-ui-dist/LICENSE
        lightweight-charts/dist/lightweight-charts.standalone.production.mjs lightweight-charts/NOTICE)
    file(GLOB assets CONFIGURE_DEPENDS ${web_source}/../pages/assets/*.*)
    set(openapi ${PROJECT_BINARY_DIR}/proto/openapi.json)
    set(inputs package.json package-lock.json docs.css docs.js index.html.in)
    list(TRANSFORM inputs PREPEND ${web_source}/)
    list(APPEND inputs ${assets})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${inputs})
    file(MAKE_DIRECTORY ${folder})

    set(digests "")
    foreach(input IN LISTS inputs)
        file(SHA256 ${input} digest)
        string(APPEND digests ${digest})
    endforeach()
    string(SHA256 WEB_VERSION "${digests}")
    string(SUBSTRING ${WEB_VERSION} 0 12 WEB_VERSION)
    configure_file(${web_source}/index.html.in ${folder}/index.html @ONLY)
    configure_file(${web_source}/docs.css ${folder}/docs.css COPYONLY)
    configure_file(${web_source}/docs.js ${folder}/docs.js COPYONLY)

    list(TRANSFORM fetched PREPEND ${modules}/ OUTPUT_VARIABLE fetched_files)
    add_custom_command(OUTPUT ${fetched_files}
        COMMAND ${CMAKE_COMMAND} -E copy ${web_source}/package.json ${web_source}/package-lock.json
                ${web_source}/.npmrc ${folder}
        COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
        COMMAND ${CMAKE_COMMAND} -E touch ${fetched_files}
        DEPENDS ${web_source}/package.json ${web_source}/package-lock.json ${web_source}/.npmrc
        WORKING_DIRECTORY ${folder}
        COMMENT "Fetching Swagger UI and the chart by npm" VERBATIM)

    list(TRANSFORM own PREPEND ${folder}/ OUTPUT_VARIABLE files)
    list(APPEND files ${fetched_files} ${assets} ${openapi})
    set(WEB_LIST "")
    set(WEB_DECLARATIONS "")
    set(WEB_TABLE "")
    set(embedded "")
    foreach(file IN LISTS files)
        get_filename_component(name ${file} NAME)
        string(MAKE_C_IDENTIFIER ${name} symbol)
        set(compressed ${folder}/${name}.gz)
        add_custom_command(OUTPUT ${compressed}
            COMMAND ${CMAKE_COMMAND} -E copy ${file} ${folder}/${symbol}.plain
            COMMAND ${GZIP} -9 -n -k -f -S .gz ${folder}/${symbol}.plain
            COMMAND ${CMAKE_COMMAND} -E rename ${folder}/${symbol}.plain.gz ${compressed}
            DEPENDS ${file} VERBATIM)
        list(APPEND embedded ${file} ${compressed})
        string(APPEND WEB_DECLARATIONS "EMBED(${symbol}, \"${file}\")\nEMBED(${symbol}_gzip, \"${compressed}\")\n")
        if(name MATCHES "\\.css$")
            set(type "text/css; charset=utf-8")
        elseif(name MATCHES "\\.m?js$")
            set(type "text/javascript; charset=utf-8")
        elseif(name MATCHES "\\.svg$")
            set(type "image/svg+xml")
        elseif(name MATCHES "\\.html$")
            set(type "text/html; charset=utf-8")
        elseif(name MATCHES "\\.json$")
            set(type "application/json")
        else()
            set(type "text/plain; charset=utf-8")
        endif()
        string(APPEND WEB_LIST "${name} /assets/${WEB_VERSION}/${name}\n")
        string(APPEND WEB_TABLE "    {\"${name}\", \"${type}\", ${symbol}_begin, ${symbol}_end, "
            "${symbol}_gzip_begin, ${symbol}_gzip_end},\n")
    endforeach()
    configure_file(${web_source}/web_assets.c.in ${folder}/web_assets.c @ONLY)
    set_source_files_properties(${folder}/web_assets.c PROPERTIES OBJECT_DEPENDS "${embedded}")
    file(CONFIGURE OUTPUT ${folder}/assets.txt CONTENT "${WEB_LIST}" @ONLY)
    set(${variable} ${folder}/web_assets.c PARENT_SCOPE)
    set(${list} ${folder}/assets.txt PARENT_SCOPE)
endfunction()
