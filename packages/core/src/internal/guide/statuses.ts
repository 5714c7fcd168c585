/**
 * What an HTTP status says beyond the error it becomes.
 *
 * @since 0.1.0
 */
import type { StatusGuide } from "../../ErrorGuide.ts"

/** The guides, by status. */
export const guides: { readonly [status: number]: StatusGuide } = {
  400: { name: "Bad Request" },
  401: { name: "Unauthorized" },
  402: { name: "Payment Required" },
  403: { name: "Forbidden" },
  404: { name: "Not Found" },
  405: { name: "Method Not Allowed" },
  407: {
    name: "Proxy Authentication Required",
    description: "A proxy between here and the API wants to know who is asking.",
    causes: ["a proxy that needs a name and a password"],
    remedy: "Put them into the proxy's URL."
  },
  408: { name: "Request Timeout" },
  409: { name: "Conflict" },
  410: {
    name: "Gone",
    description: "What was asked for existed and does not any more.",
    causes: ["an endpoint or a model that was retired"],
    remedy: "Use its successor."
  },
  412: {
    name: "Precondition Failed",
    description: "The resource is not as the request supposed.",
    causes: ["it was changed in between"],
    remedy: "Read it again and decide anew."
  },
  413: { name: "Content Too Large" },
  415: {
    name: "Unsupported Media Type",
    description: "The body is of a kind the endpoint does not take.",
    causes: ["a content-type that was set by hand", "a proxy that rewrites headers"],
    remedy: "Send application/json, or multipart/form-data for uploads."
  },
  422: { name: "Unprocessable Content" },
  429: { name: "Too Many Requests" },
  431: {
    name: "Request Header Fields Too Large",
    description: "The headers are larger than the server or a proxy takes.",
    causes: ["tracing baggage, or headers that were added many times"],
    remedy: "Send fewer and shorter headers."
  },
  451: {
    name: "Unavailable For Legal Reasons",
    description: "The API is not offered from this place.",
    causes: ["a country that is not supported", "an exit of a network in another country"],
    remedy: "Call from a supported place."
  },
  499: {
    name: "Client Closed Request",
    description: "A proxy noted that the caller hung up before the answer was there.",
    causes: ["a limit on time here, or an interruption"],
    remedy: "Raise the limit, or stream the answer."
  },
  500: { name: "Internal Server Error" },
  501: {
    name: "Not Implemented",
    description: "The server does not do this, or not yet.",
    causes: ["a gateway that does not offer the whole API"],
    remedy: "Use another endpoint, or the API itself."
  },
  502: {
    name: "Bad Gateway",
    description: "Something between here and the API got no proper answer from it.",
    causes: ["a passing failure on the way", "a proxy whose upstream is down"],
    remedy: "Send it again after a moment."
  },
  503: {
    name: "Service Unavailable",
    description: "The API, or something on the way to it, cannot answer just now.",
    causes: ["a passing failure on the way, often said in plain text by a load balancer", "maintenance"],
    remedy: "Send it again after a moment."
  },
  504: { name: "Gateway Timeout" },
  520: {
    name: "Web Server Returned an Unknown Error",
    description: "The network in front of the API got an answer it could not read.",
    causes: ["a passing failure on the way"],
    remedy: "Send it again after a moment."
  },
  522: {
    name: "Connection Timed Out",
    description: "The network in front of the API could not reach it.",
    causes: ["a passing failure on the way"],
    remedy: "Send it again after a moment."
  },
  524: {
    name: "A Timeout Occurred",
    description: "The network in front of the API waited too long for it.",
    causes: ["a long answer that was asked for in one piece"],
    remedy: "Stream the answer, then send it again."
  },
  529: { name: "Overloaded" }
}
