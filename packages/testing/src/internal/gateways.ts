/**
 * Errors of the gateways in front of an API, as their users report them.
 *
 * @since 0.1.0
 */

/** An error page, in the gateway's own form. */
export interface Page {
  readonly status: number
  readonly contentType: string
  readonly body: string
  readonly headers: { readonly [name: string]: string }
}

/** The name of a gateway's error: the product, and the status. */
export type Name =
  | "cloudflare520"
  | "cloudflare524"
  | "cloudflare524Json"
  | "envoy503"
  | "litellm429"
  | "litellm500"
  | "nginx413"
  | "nginx502"

const ray = "9a0f1e2d3c4b5a69-FRA"

const cloudflare = { server: "cloudflare", "cf-ray": ray }

const cloudflareHtml = (status: number, title: string): Page => ({
  status,
  contentType: "text/html; charset=UTF-8",
  headers: cloudflare,
  body: `<!DOCTYPE html>
<html class="no-js" lang="en-US">
<head>
<title>api.example.com | ${status}: ${title}</title>
<meta charset="UTF-8" />
<meta name="robots" content="noindex, nofollow" />
</head>
<body>
<div id="cf-wrapper"><div id="cf-error-details">
<h1><span>${title}</span> <span>Error code ${status}</span></h1>
<p>Cloudflare Ray ID: <strong>${ray.slice(0, 16)}</strong></p>
</div></div>
</body>
</html>
`
})

const litellm = (status: number, message: string): Page => ({
  status,
  contentType: "application/json",
  headers: { server: "uvicorn", "x-litellm-version": "1.80.0" },
  body: JSON.stringify({ error: { message, type: null, param: null, code: String(status) } })
})

const nginx = (status: number, title: string): Page => ({
  status,
  contentType: "text/html",
  headers: { server: "nginx" },
  body: `<html>\r
<head><title>${status} ${title}</title></head>\r
<body>\r
<center><h1>${status} ${title}</h1></center>\r
<hr><center>nginx</center>\r
</body>\r
</html>\r
`
})

/** The errors by name. */
export const pages: { readonly [N in Name]: Page } = {
  cloudflare520: cloudflareHtml(520, "Web server is returning an unknown error"),
  cloudflare524: cloudflareHtml(524, "A timeout occurred"),
  cloudflare524Json: {
    status: 524,
    contentType: "application/json; charset=UTF-8",
    headers: cloudflare,
    body: JSON.stringify({
      title: "Error 524: A timeout occurred",
      status: 524,
      detail: "The origin web server timed out responding to this request.",
      error_code: 524,
      error_name: "origin_response_timeout",
      error_category: "origin",
      ray_id: ray.slice(0, 16),
      zone: "api.example.com",
      cloudflare_error: true,
      retryable: true,
      retry_after: 120
    })
  },
  envoy503: {
    status: 503,
    contentType: "text/plain",
    headers: { server: "envoy" },
    body: "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
  },
  litellm429: litellm(
    429,
    "litellm.RateLimitError: AnthropicException - {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\"," +
      "\"message\":\"This request would exceed your organization's rate limit.\"}}"
  ),
  litellm500: litellm(500, "litellm.InternalServerError: AnthropicException - Connection error."),
  nginx413: nginx(413, "Request Entity Too Large"),
  nginx502: nginx(502, "Bad Gateway")
}
