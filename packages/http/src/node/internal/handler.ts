/**
 * Handlers of undici that pass on every call but some.
 *
 * @since 0.1.0
 */
import type * as Undici from "undici"

type Handler = Undici.Dispatcher.DispatchHandler

/** Returns a handler that passes on every call to `self`, except those of `replaced`. */
export const decorate = (self: Handler, replaced: Handler): Handler => ({
  onRequestStart: (controller, context) => self.onRequestStart?.(controller, context),
  onRequestUpgrade: (controller, status, headers, socket) =>
    self.onRequestUpgrade?.(controller, status, headers, socket),
  onResponseStart: (controller, status, headers, message) =>
    self.onResponseStart?.(controller, status, headers, message),
  onResponseData: (controller, chunk) => self.onResponseData?.(controller, chunk),
  onResponseEnd: (controller, trailers) => self.onResponseEnd?.(controller, trailers),
  onResponseError: (controller, error) => self.onResponseError?.(controller, error),
  ...replaced
})
