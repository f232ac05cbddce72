// Draws the OpenAPI document with Swagger UI; the key of the page goes with every request that is tried.
"use strict";
window.addEventListener("DOMContentLoaded", () => {
  window.SwaggerUIBundle({
    url: "/api/openapi.json",
    dom_id: "#swagger",
    deepLinking: true,
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    filter: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      const key = document.querySelector("#key").value.trim();
      if (key && !request.headers["X-Api-Key"]) request.headers["X-Api-Key"] = key;
      return request;
    },
  });
});
