// SPDX-License-Identifier: MIT
// What works and what does not, for everybody: also while nobody can log in. It asks nobody.
#include "pages/pages.h"

#include "page_templates.h"
#include "pages/page.h"
#include "pages/service_states.h"

bool status_page_show(struct exchange *exchange, struct error *error)
{
    Pages__StatusPage page = PAGES__STATUS_PAGE__INIT;

    if (!exchange_refuse_parameters(exchange, "", error) ||
        !page_begin(exchange, PAGE_FOR_ALL, "status", "Status", &page.frame, error))
        return false;
    page.has_is_ready = true;
    page.services = service_states_make(exchange, &page.n_services, &page.is_ready);
    return page.services == NULL ? page_out_of_memory(error)
                                 : page_answer(exchange, &status_page, &page.base, NULL, error);
}
