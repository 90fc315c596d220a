// SPDX-License-Identifier: MIT
#include "service/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// In the abstract name space a name begins with a 0 byte, which '@' stands for.
static bool fill_address(const char *name, struct sockaddr_un *out_address, socklen_t *out_length)
{
    size_t length = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || length >= sizeof out_address->sun_path)
        return false;
    *out_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(out_address->sun_path, name, length);
    if (name[0] == '@')
        out_address->sun_path[0] = '\0';
    *out_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

bool notify_send(const char *manager, const char *state)
{
    struct sockaddr_un address;
    socklen_t length = 0;
    ssize_t sent = -1;
    int file = -1;

    if (!fill_address(manager, &address, &length))
        return false;
    file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (file < 0)
        return false;
    sent = sendto(file, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, length);
    close(file);
    return sent == (ssize_t)strlen(state);
}
