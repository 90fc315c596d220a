// SPDX-License-Identifier: MIT
#include "gateway.h"

int main(int argc, char **argv)
{
    return service_main(&gateway_definition, argc, argv);
}
