// SPDX-License-Identifier: MIT
// Starts Swagger UI on our own document; nothing is fetched from anywhere else.
SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#api',
    deepLinking: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
    layout: 'BaseLayout',
});
