/**
 * The guide to each HTTP status that says more than the error it becomes.
 *
 * @since 0.1.0
 */
import type { StatusGuide } from "./guide.ts"

const connect = "Send the request again after a moment. If the error persists, contact the operator of the gateway."

const repeat = "The origin may have acted on the request: send it again only if that may be repeated."

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
    description: "A proxy between this program and the API requires authentication.",
    causes: ["a proxy that needs a user name and a password"],
    remedy: "Set the proxy's user name and password."
  },
  408: { name: "Request Timeout" },
  409: { name: "Conflict" },
  410: {
    name: "Gone",
    description: "The resource existed and no longer exists.",
    causes: ["an endpoint or a model that was retired"],
    remedy: "Use its replacement."
  },
  412: {
    name: "Precondition Failed",
    description: "The resource is not in the state that the request expects.",
    causes: ["the resource was changed in between"],
    remedy: "Read the resource again, then decide again."
  },
  413: { name: "Content Too Large" },
  415: {
    name: "Unsupported Media Type",
    description: "The endpoint does not accept the media type of the body.",
    causes: ["a content-type that was set by hand", "a proxy that rewrites headers"],
    remedy: "Send application/json, or multipart/form-data for uploads."
  },
  422: { name: "Unprocessable Content" },
  429: { name: "Too Many Requests" },
  431: {
    name: "Request Header Fields Too Large",
    description: "The headers are larger than the server or a proxy accepts.",
    causes: ["tracing baggage, or headers that were added many times"],
    remedy: "Send fewer and shorter headers."
  },
  451: {
    name: "Unavailable For Legal Reasons",
    description: "The API is not available in this location.",
    causes: ["a country that is not supported", "a network exit in another country"],
    remedy: "Call the API from a supported location."
  },
  499: {
    name: "Client Closed Request",
    description: "A proxy noted that the client closed the connection before the response was there.",
    causes: ["a timeout of this client, or an interruption"],
    remedy: "Raise the timeout, or stream the response."
  },
  500: { name: "Internal Server Error" },
  501: {
    name: "Not Implemented",
    description: "The server does not implement this endpoint.",
    causes: ["a gateway that offers only a part of the API"],
    remedy: "Use another endpoint, or call the API directly."
  },
  502: {
    name: "Bad Gateway",
    description: "A gateway in front of the API got no valid response from it.",
    causes: ["a temporary failure on the way", "a proxy whose upstream is down"],
    remedy: repeat
  },
  503: {
    name: "Service Unavailable",
    description: "The API, or a gateway in front of it, is temporarily unavailable.",
    causes: ["a temporary failure on the way, often reported in plain text by a load balancer", "maintenance"],
    remedy: "Send the request again after a moment."
  },
  504: { name: "Gateway Timeout" },
  520: {
    name: "Web Server Returned an Unknown Error",
    description: "The edge in front of the API could not read the response of the origin.",
    causes: ["an origin that closed the connection or sent a malformed response"],
    remedy: repeat
  },
  521: {
    name: "Web Server Is Down",
    description: "The origin refused the connection of the edge. It did not receive the request.",
    causes: ["an origin that is down, or a firewall that blocks the edge"],
    remedy: connect
  },
  522: {
    name: "Connection Timed Out",
    description: "The edge could not connect to the origin in time, or the origin did not confirm the request.",
    causes: ["an origin that is overloaded", "a network failure between edge and origin"],
    remedy: repeat
  },
  523: {
    name: "Origin Is Unreachable",
    description: "The edge found no route to the origin. It did not receive the request.",
    causes: ["a wrong address of the origin", "a network failure between edge and origin"],
    remedy: connect
  },
  524: {
    name: "A Timeout Occurred",
    description: "The edge sent the request to the origin and got no response in time.",
    causes: ["a long response that was not streamed"],
    remedy: `Stream the response. ${repeat}`
  },
  525: {
    name: "SSL Handshake Failed",
    description: "The edge and the origin could not agree on a TLS connection. The origin did not receive the request.",
    causes: ["a certificate or a cipher suite of the origin"],
    remedy: connect
  },
  526: {
    name: "Invalid SSL Certificate",
    description: "The edge does not trust the certificate of the origin, which did not receive the request.",
    causes: ["a certificate of the origin that has expired or names another host"],
    remedy: connect
  },
  529: { name: "Overloaded" },
  530: {
    name: "Origin DNS Error",
    description: "The edge could not resolve the name of the origin, which did not receive the request.",
    causes: ["a wrong DNS record", "a tunnel that is not connected"],
    remedy: connect
  }
}
