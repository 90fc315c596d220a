// SPDX-License-Identifier: MIT
#include "base/checksum.h"

uint64_t checksum_add(uint64_t checksum, struct text bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        checksum = (checksum ^ (unsigned char)bytes.data[i]) * UINT64_C(1099511628211);
    return checksum;
}
